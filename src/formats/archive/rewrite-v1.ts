import { RelightError } from "../../errors.ts";
import { EntryRows, Kernels, RowFlag, slackBytes } from "../kernels/kernels.ts";
import type { RangeCursor } from "../range-cursor.ts";
import type { SequenceRanges } from "../sequence-ranges.ts";
import type { ArchivedConsumer } from "./archive-report.ts";
import type { RecordBatch } from "./archive-sink.ts";
import { ArchiveWalk } from "./archive-walk.ts";
import { V1Writer, type V1WriterOptions } from "./v1-writer.ts";

export interface RewriteOptions extends V1WriterOptions {
  /** The live messages, as an inspector found them in this archive. */
  readonly live: SequenceRanges;
  /** The stream's last sequence. */
  readonly lastSequence: number;
}

/** Message bytes that are gathered before they become records. */
const stagingBytes = 1024 * 1024;

/**
 * Writes a v1 archive anew with its live messages only, while its bytes arrive for the second time: the first time an
 * inspector found out which those are. Where deletes are noted in the archive's index alone, a server that does not keep
 * that index (it is older, it encrypts its files, or the index is that of 2.9) brings deleted messages back after a restart.
 *
 * Throws ARCHIVE_DAMAGED, and BACKUP_INVALID for a v2 archive.
 */
export class V1Rewriter {
  readonly #options: RewriteOptions;
  readonly #walk: ArchiveWalk;
  readonly #writer: V1Writer;
  readonly #kernels: Kernels;
  readonly #rows: EntryRows;
  readonly #consumers: ArchivedConsumer[] = [];
  readonly #live: RangeCursor;
  #more: boolean;
  #staging: number;
  #capacity = stagingBytes;
  #used = 0;
  #count = 0;
  /** Sequences up to here were taken, or are not to be. */
  #passed = 0;
  #lastTime = 0n;

  constructor(options: RewriteOptions) {
    this.#options = options;
    // Kernels of its own: the walk's keep the key of the block that is read, these that of the block that is written.
    this.#kernels = Kernels.create();
    this.#rows = new EntryRows(this.#kernels);
    this.#staging = this.#kernels.allocate(this.#capacity + slackBytes);
    this.#writer = new V1Writer(this.#kernels, options);
    this.#live = options.live.cursor();
    this.#more = this.#live.next();
    this.#walk = new ArchiveWalk({
      v1: () => ({
        stream: () => {},
        blockIndex: () => {},
        blockStart: () => {},
        records: (batch) => this.#records(batch),
        blockEnd: () => {},
        index: () => {},
        consumer: (consumer) => void this.#consumers.push(consumer),
        problem: () => {},
      }),
      v2: () => {
        throw new RelightError("BACKUP_INVALID", "the archive is not v1");
      },
    });
  }

  push(bytes: Uint8Array): void {
    this.#walk.push(bytes);
  }

  end(): void {
    this.#walk.end();
    this.#flush();
    this.#writer.end(this.#options.lastSequence, this.#lastTime, this.#consumers);
  }

  #records({ kernels, rows, count }: RecordBatch): void {
    const { sequence, timestamp, flags, offset, subjectLength, headerLength, payloadLength } = rows;
    for (let row = 0; row < count; row++) {
      const next = sequence[row] as number;
      const flag = flags[row] as number;
      if (next === this.#options.lastSequence) this.#lastTime = timestamp[row] as bigint;
      if ((flag & (RowFlag.erased | RowFlag.tombstone)) !== 0 || next <= this.#passed) continue;
      this.#passed = next;
      while (this.#more && this.#live.last < next) this.#more = this.#live.next();
      if (!this.#more || next < this.#live.first) continue;
      const subject = subjectLength[row] as number;
      const headers = headerLength[row] as number;
      const payload = payloadLength[row] as number;
      this.#makeRoomFor(subject + headers + payload);
      const from = (offset[row] as number) + 22;
      const to = this.#staging + this.#used;
      // A record keeps the length of the headers between subject and headers.
      const body = from + subject + ((flag & RowFlag.headers) !== 0 ? 4 : 0);
      this.#kernels.bytes.set(kernels.bytes.subarray(from, from + subject), to);
      this.#kernels.bytes.set(kernels.bytes.subarray(body, body + headers + payload), to + subject);
      const own = this.#rows;
      own.sequence[this.#count] = next;
      own.timestamp[this.#count] = timestamp[row] as bigint;
      own.offset[this.#count] = to;
      own.nameLength[this.#count] = subject;
      own.headerLength[this.#count] = headers;
      own.payloadLength[this.#count] = payload;
      this.#used += subject + headers + payload;
      this.#count++;
    }
  }

  #makeRoomFor(bytes: number): void {
    if (this.#count < this.#rows.capacity && this.#used + bytes <= this.#capacity) return;
    this.#flush();
    if (bytes <= this.#capacity) return;
    // One message may be larger than all that is gathered otherwise.
    this.#capacity = bytes;
    this.#staging = this.#kernels.allocate(bytes + slackBytes);
  }

  #flush(): void {
    if (this.#count === 0) return;
    const batch = { kernels: this.#kernels, rows: this.#rows, count: this.#count, start: this.#staging, offset: 0 };
    this.#writer.messages(batch);
    this.#count = 0;
    this.#used = 0;
  }
}
