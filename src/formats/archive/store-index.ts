import { type BlockToIndex, encodeIndexDb } from "../filestore/encode-index-db.ts";
import { type EntryRows, type Kernels, RowFlag } from "../kernels/kernels.ts";
import { SubjectCounts } from "./subject-counts.ts";

/** Missing sequences beyond which there is no index: a server does not keep one up to date there either. */
const maxDeleted = 64 * 1024;

/**
 * Collects, while blocks are written, what `msgs/index.db` says of them: with it a server takes a restored stream up at once,
 * without it only after it has read every block again. It must be exactly right: a server believes it. So it is given up where
 * it would be large, and where messages have TTLs of their own, whose count servers of different versions keep in different ways.
 */
export class StoreIndex {
  readonly #subjects: SubjectCounts;
  readonly #blocks: BlockToIndex[] = [];
  #deleted: [number, number][] = [];
  #deletedCount = 0;
  #first = 0;
  #firstTime = 0n;
  #last = 0;
  #lastTime = 0n;
  #messages = 0;
  #usable = true;

  constructor(kernels: Kernels) {
    this.#subjects = new SubjectCounts(kernels);
  }

  /** There will be no index. */
  giveUp(): void {
    this.#usable = false;
  }

  /** Takes rows whose records were written to a block; missing sequences in front of each became records that say so. */
  records(rows: EntryRows, from: number, to: number, block: number): void {
    if (!this.#usable) return;
    const { sequence, flags, timestamp } = rows;
    if (this.#first === 0) {
      this.#first = sequence[from] as number;
      this.#firstTime = timestamp[from] as bigint;
      this.#last = this.#first - 1;
    }
    const last = sequence[to - 1] as number;
    if (last - this.#last !== to - from) this.#noteMissing(sequence, from, to);
    let seen = 0;
    for (let row = from; row < to; row++) seen |= flags[row] as number;
    this.#last = last;
    this.#lastTime = timestamp[to - 1] as bigint;
    this.#messages += to - from;
    this.#usable &&= (seen & RowFlag.ttl) === 0 && this.#subjects.count(rows, from, to, block);
  }

  #noteMissing(sequence: Float64Array, from: number, to: number): void {
    let before = this.#last;
    for (let row = from; row < to; row++) {
      const next = sequence[row] as number;
      if (next > before + 1) {
        this.#deleted.push([before + 1, next - 1]);
        this.#deletedCount += next - 1 - before;
      }
      before = next;
    }
    if (this.#deletedCount > maxDeleted) this.#usable = false;
  }

  /** The block has `size` bytes, all of them records. */
  blockEnd(number: number, size: number): void {
    if (!this.#usable) return;
    const skipped = this.#deleted.reduce((sum, [first, last]) => sum + last - first + 1, 0);
    this.#blocks.push({
      number,
      bytes: size - 30 * skipped,
      first: this.#first,
      firstTime: this.#firstTime,
      last: this.#last,
      lastTime: this.#lastTime,
      deleted: this.#deleted,
    });
    this.#first = 0;
    this.#deleted = [];
  }

  /** The index without the hash that ends it; undefined where there is to be none. `lastChecksum`: that of the last record. */
  encode(lastChecksum: bigint): Uint8Array | undefined {
    if (!this.#usable || this.#blocks.length === 0) return undefined;
    return encodeIndexDb({
      messages: this.#messages,
      blocks: this.#blocks,
      subjectCount: this.#subjects.size,
      subjects: this.#subjects.subjects(),
      lastChecksum,
    });
  }
}
