import { RelightError } from "../../errors.ts";
import type { StreamMeta } from "../filestore/meta-inf.ts";
import { EntryRows, Kernels, RowFlag } from "../kernels/kernels.ts";
import type { StreamStateJson } from "../natsarc/natsarc-json.ts";
import type { RangeCursor } from "../range-cursor.ts";
import { parseRfc3339 } from "../rfc3339.ts";
import type { SequenceRanges } from "../sequence-ranges.ts";
import type { ArchivedConsumer } from "./archive-report.ts";
import type { EntryBatch, RecordBatch, V1Sink, V2Sink } from "./archive-sink.ts";
import { ArchiveWalk } from "./archive-walk.ts";

/** Receives what is alive in an archive of either format: messages in ascending order of their sequences. */
export interface LiveSink {
  /** v1 only: the configuration inside the archive, before everything else. */
  stream?(meta: StreamMeta): void;
  /** v2 only: the stream's state when the snapshot began, before everything else. */
  state?(state: StreamStateJson): void;
  /** v2: before all messages; v1: after them. */
  consumer(consumer: ArchivedConsumer): void;
  /** The rows are the sink's during the call: it may change and drop some. */
  messages(batch: EntryBatch): void;
}

/**
 * Reads the live messages of an archive of either format while its bytes arrive, both in the same shape. Which messages of
 * a v1 archive are live is known at its end only, so it is inspected first; a v2 archive holds no others.
 *
 * Throws ARCHIVE_DAMAGED, and INTERNAL for a v1 archive without `live`.
 */
export class LiveReader {
  readonly #walk: ArchiveWalk;
  readonly #sink: LiveSink;
  readonly #rows: EntryRows;
  readonly #live: RangeCursor | undefined;
  readonly #evidence: V1Sink | undefined;
  #more = false;
  /** Sequences up to here were taken, or are not to be. */
  #passed = 0;
  #highest = 0;
  #lastTime = 0n;

  /**
   * `live`: as an inspector found it, or as is foreseen. `evidence`: sees all that is in a v1 archive, so that the live messages
   * can be judged after all. `kernels`: the walk's, and the sink's; its HighwayHash key is set anew by the walk.
   */
  constructor(
    { live, evidence }: { readonly live?: SequenceRanges | undefined; readonly evidence?: V1Sink | undefined },
    sink: LiveSink,
    kernels = Kernels.create(),
  ) {
    this.#sink = sink;
    this.#evidence = evidence;
    this.#rows = new EntryRows(kernels);
    this.#live = live?.cursor();
    this.#walk = new ArchiveWalk({ v1: () => this.#v1(), v2: () => this.#v2() }, kernels);
  }

  /** Undefined until eight bytes were decoded. */
  get format(): "v1" | "v2" | undefined {
    return this.#walk.format;
  }

  /** As {@link ArchiveWalk.skippedChunks}. */
  get skippedChunks(): number {
    return this.#walk.skippedChunks;
  }

  get decodedBytes(): number {
    return this.#walk.decodedBytes;
  }

  /** The time of the last sequence, alive or not, as far as the archive tells; nanoseconds since 1970. */
  get lastTime(): bigint {
    return this.#lastTime;
  }

  /** Takes the next compressed bytes, however they are cut. They are not kept. */
  push(bytes: Uint8Array): void {
    this.#walk.push(bytes);
  }

  /** The input has ended. */
  end(): void {
    this.#walk.end();
  }

  #v1(): V1Sink {
    if (!this.#live) throw new RelightError("INTERNAL", "a v1 archive is to be inspected before its messages are read");
    this.#more = this.#live.next();
    const evidence = this.#evidence;
    return {
      stream: (meta) => {
        evidence?.stream(meta);
        this.#sink.stream?.(meta);
      },
      blockIndex: (block, index) => evidence?.blockIndex(block, index),
      blockStart: (block) => evidence?.blockStart(block),
      records: (batch) => {
        // First, as records that become entries are moved.
        evidence?.records(batch);
        this.#records(batch);
      },
      blockEnd: (block, bytes, lastChecksum) => evidence?.blockEnd(block, bytes, lastChecksum),
      index: (index) => evidence?.index(index),
      consumer: (consumer) => {
        evidence?.consumer(consumer);
        this.#sink.consumer(consumer);
      },
      problem: (problem) => evidence?.problem(problem),
    };
  }

  #v2(): V2Sink {
    return {
      state: (state) => {
        this.#lastTime = parseRfc3339(state.last_ts) ?? 0n;
        this.#sink.state?.(state);
      },
      consumer: (consumer) => this.#sink.consumer(consumer),
      messages: (batch) => this.#sink.messages(batch),
      problem: () => {},
    };
  }

  #records(batch: RecordBatch): void {
    const count = this.#select(batch);
    if (count > 0) this.#sink.messages({ ...batch, rows: this.#rows, count });
  }

  /** Takes the live records over as entries, whose parts lie side by side; returns how many. */
  #select({ kernels, rows, count }: RecordBatch): number {
    const live = this.#live as RangeCursor;
    const { sequence, timestamp, flags, offset, subjectLength, headerLength, payloadLength } = rows;
    const own = this.#rows;
    const to = {
      sequence: own.sequence,
      timestamp: own.timestamp,
      flags: own.flags,
      offset: own.offset,
      nameLength: own.nameLength,
      headerLength: own.headerLength,
      payloadLength: own.payloadLength,
    };
    const { bytes } = kernels;
    let taken = 0;
    for (let row = 0; row < count; row++) {
      const next = sequence[row] as number;
      const flag = flags[row] as number;
      if (next >= this.#highest) {
        this.#highest = next;
        this.#lastTime = timestamp[row] as bigint;
      }
      if ((flag & (RowFlag.erased | RowFlag.tombstone)) !== 0 || next <= this.#passed) continue;
      this.#passed = next;
      while (this.#more && live.last < next) this.#more = live.next();
      if (!this.#more || next < live.first) continue;
      const subject = subjectLength[row] as number;
      let at = (offset[row] as number) + 22;
      if ((flag & RowFlag.headers) !== 0) {
        // A record keeps the length of the headers between subject and headers. It was verified, and nobody reads it again.
        bytes.copyWithin(at + 4, at, at + subject);
        at += 4;
      }
      to.sequence[taken] = next;
      to.timestamp[taken] = timestamp[row] as bigint;
      to.flags[taken] = flag;
      to.offset[taken] = at;
      to.nameLength[taken] = subject;
      to.headerLength[taken] = headerLength[row] as number;
      to.payloadLength[taken] = payloadLength[row] as number;
      taken++;
    }
    return taken;
  }
}
