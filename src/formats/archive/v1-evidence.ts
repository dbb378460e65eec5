import { RelightError } from "../../errors.ts";
import { damaged } from "../damaged.ts";
import type { BlockIndex } from "../filestore/block-index.ts";
import type { IndexDb } from "../filestore/index-db.ts";
import type { StreamMeta } from "../filestore/meta-inf.ts";
import { RowFlag } from "../kernels/kernels.ts";
import { SequenceRanges } from "../sequence-ranges.ts";
import { SequenceSetBuilder } from "../sequence-set-builder.ts";
import { AgeCount } from "./age-count.ts";
import type { ArchivedConsumer, ArchiveProblem, InspectOptions } from "./archive-report.ts";
import type { RecordBatch, V1Sink } from "./archive-sink.ts";
import { headerShape } from "./check-headers.ts";
import { MessageTimes } from "./message-times.ts";

/** A block that was in the archive. */
export interface SeenBlock {
  readonly bytes: number;
  /** 0 for a block without records. */
  readonly lastChecksum: bigint;
}

/**
 * Collects what a v1 archive says about its messages, until its end allows a verdict ({@link judgeV1}): which records are
 * live can depend on an index that comes last.
 */
export class V1Evidence implements V1Sink {
  readonly times = new MessageTimes();
  readonly ages: AgeCount;
  readonly consumers: ArchivedConsumer[] = [];
  readonly problems: ArchiveProblem[] = [];
  readonly blocks = new Map<number, SeenBlock>();
  readonly blockIndexes = new Map<number, BlockIndex>();
  meta: StreamMeta | undefined;
  indexDb: IndexDb | undefined;
  /** The index was written before the first block was copied, as servers up to 2.10.20 do. */
  indexFirst = false;
  /** Whole messages, live or not. */
  readonly stored = new SequenceRanges();
  /** Their bytes, as the server counts them. */
  storedBytes = 0;
  readonly erased = new SequenceSetBuilder();
  erasedCount = 0;
  readonly tombstones = new SequenceSetBuilder();
  tombstoneCount = 0;
  /** Whole messages that no `N.idx` speaks of. */
  beyondBlockIndexes = new SequenceRanges();
  /** What the `N.idx` files together call live. */
  readonly liveByBlockIndexes = new SequenceRanges();

  /** The last sequence that the block's index knows; undefined where the archive has no such files. */
  #known: number | undefined;
  /** The last sequence in front of the block that is being read. */
  #lastBefore = 0;
  /** Last of the sequences that times and ages know of. */
  #remembered = 0;
  #repeatedBlock = false;
  #overlapTold = false;
  #repeated = 0;
  #malformedHeaders = 0;

  constructor(options: InspectOptions) {
    this.ages = new AgeCount(options);
  }

  stream(meta: StreamMeta): void {
    this.meta = meta;
  }

  consumer(consumer: ArchivedConsumer): void {
    this.consumers.push(consumer);
  }

  problem(problem: ArchiveProblem): void {
    this.problems.push(problem);
  }

  index(index: IndexDb): void {
    this.indexDb = index;
    this.indexFirst = this.blocks.size === 0;
  }

  blockIndex(block: number, index: BlockIndex): void {
    const live = this.liveByBlockIndexes;
    if (this.blockIndexes.size === 0) this.beyondBlockIndexes = SequenceRanges.fromBytes(this.stored.toBytes());
    const overlaps = live.runs > 0 && index.live.runs > 0 && index.live.first <= live.last;
    if (this.blockIndexes.has(block) || overlaps) {
      throw new RelightError("ARCHIVE_DAMAGED", `msgs/${block}.idx contradicts the indexes before it`, {
        context: { entry: `msgs/${block}.idx` },
      });
    }
    this.blockIndexes.set(block, index);
    for (const [first, last] of index.live) live.appendRun(first, last);
  }

  blockStart(block: number): void {
    this.#repeatedBlock = this.blocks.has(block);
    this.#overlapTold = false;
    this.#lastBefore = this.stored.last;
    this.#known = this.blockIndexes.size === 0 ? undefined : (this.blockIndexes.get(block)?.lastSequence ?? 0);
  }

  blockEnd(block: number, bytes: number, lastChecksum: bigint): void {
    this.blocks.set(block, { bytes, lastChecksum });
    const entry = `msgs/${block}.blk`;
    if (this.#repeatedBlock) {
      const message = `block ${block} is in the archive twice: the server lost its place while it copied`;
      this.problem({ code: "repeated-block", severity: "note", entry, message });
    } else if (this.#repeated > 0) {
      const message = `block ${block} holds ${this.#repeated} messages with sequences that it has passed already`;
      this.problem({ code: "repeated-records", severity: "note", entry, message, count: this.#repeated });
    }
    this.#repeated = 0;
  }

  records(batch: RecordBatch): void {
    const { rows, count } = batch;
    const { sequence, flags, headerLength, payloadLength } = rows;
    const subjectLength = rows.subjectLength;
    let last = this.stored.last;
    let runFirst = 0;
    let whole = true;
    let seen = 0;
    for (let row = 0; row < count; row++) {
      const flag = flags[row] as number;
      const next = sequence[row] as number;
      seen |= flag;
      if ((flag & (RowFlag.erased | RowFlag.tombstone)) !== 0 || next === 0) {
        whole = false;
        this.#gone(next, flag);
        continue;
      }
      if (next <= last) {
        whole = false;
        this.#repeat(batch, next);
        continue;
      }
      const headers = headerLength[row] as number;
      const payload = payloadLength[row] as number;
      const subject = subjectLength[row] as number;
      this.storedBytes += 30 + subject + headers + payload;
      if ((flag & RowFlag.headers) !== 0) {
        this.storedBytes += 4;
        this.#checkHeaders(batch, rows.offset[row] as number, subject, headers, payload);
      }
      if (next !== last + 1 || runFirst === 0) {
        if (runFirst !== 0) this.#append(runFirst, last);
        runFirst = next;
      }
      last = next;
    }
    if (runFirst !== 0) this.#append(runFirst, last);
    if (whole) this.times.addRows(sequence, rows.timestamp, count);
    if (!whole || this.ages.needsAll || (seen & RowFlag.ttl) !== 0) this.#remember(batch, whole);
    this.#remembered = last;
  }

  /** Called once, at the end. */
  finish(): void {
    if (this.#malformedHeaders === 0) return;
    const message = `${this.#malformedHeaders} messages have headers that are not in the form of NATS headers`;
    this.problem({ code: "malformed-headers", severity: "note", message, count: this.#malformedHeaders });
  }

  #append(first: number, last: number): void {
    this.stored.appendRun(first, last);
    if (this.#known === undefined || last <= this.#known) return;
    this.beyondBlockIndexes.appendRun(Math.max(first, this.#known + 1), last);
  }

  #gone(sequence: number, flags: number): void {
    if ((flags & RowFlag.tombstone) !== 0) {
      this.tombstoneCount++;
      this.tombstones.add(sequence);
      return;
    }
    this.erasedCount++;
    // The oldest servers erased the sequence as well.
    if (sequence > 0) this.erased.add(sequence);
  }

  /** A server takes no sequence twice within a block, and copies no block twice unless it lost its place. */
  #repeat(batch: RecordBatch, sequence: number): void {
    this.#repeated++;
    if (this.#repeatedBlock || sequence > this.#lastBefore) return;
    if (this.#overlapTold) return;
    this.#overlapTold = true;
    const entry = `msgs/${batch.block}.blk`;
    const message = `block ${batch.block} holds sequence ${sequence}, which the blocks before it have passed`;
    this.problem({ code: "overlapping-blocks", severity: "fatal", entry, message, first: sequence, last: sequence });
  }

  #checkHeaders(batch: RecordBatch, record: number, subject: number, headers: number, payload: number): void {
    const shape = headerShape(batch.kernels, record + 26 + subject, headers, payload);
    if (shape === "well-formed") return;
    if (shape === "malformed") {
      this.#malformedHeaders++;
      return;
    }
    throw damaged("the length of a message's headers is wrong", {
      entry: `msgs/${batch.block}.blk`,
      offset: batch.offset + record - batch.start,
    });
  }

  /** Looks at the rows once more, where times and ages need that. */
  #remember(batch: RecordBatch, whole: boolean): void {
    const { rows, count, kernels } = batch;
    const { sequence, timestamp, flags } = rows;
    let before = this.#remembered;
    for (let row = 0; row < count; row++) {
      const flag = flags[row] as number;
      const next = sequence[row] as number;
      if ((flag & (RowFlag.erased | RowFlag.tombstone)) !== 0 || next <= before) continue;
      before = next;
      if (!whole) this.times.add(next, timestamp[row] as bigint);
      if (!this.ages.needsAll && (flag & RowFlag.ttl) === 0) continue;
      this.ages.add(next, timestamp[row] as bigint, flag, () => {
        const at = (rows.offset[row] as number) + 26 + (rows.subjectLength[row] as number);
        return kernels.bytes.subarray(at, at + (rows.headerLength[row] as number));
      });
    }
  }
}
