import { RelightError } from "../errors.ts";
import { RangeCursor } from "./range-cursor.ts";
import { maxUvarintBytes, writeUvarint } from "./uvarint.ts";

/** Runs between two entries of the sparse index that makes look-ups fast. */
const runsPerMark = 256;

/**
 * A set of sequences as ascending runs, each packed into two varints: a million messages without holes take a few bytes,
 * and every hole takes two or three. Append-only: sequences and runs come in ascending order.
 *
 * Iterates as `[first, last]` pairs, both inclusive. Sequences are whole numbers from 0 to 2^53 - 1.
 */
export class SequenceRanges implements Iterable<readonly [first: number, last: number]> {
  /** Closed runs: uvarint of the distance to the run before, uvarint of the length less one. */
  #bytes = new Uint8Array(64);
  #length = 0;
  #closedRuns = 0;
  #closedCount = 0;
  #closedLast = -1;
  /** The run that still grows; there is none while `openLast` is -1. */
  #openFirst = 0;
  #openLast = -1;
  #first = 0;
  /** Every `runsPerMark` closed runs: offset behind them, their last sequence, how many sequences they hold. */
  readonly #marks: { readonly offset: number; readonly last: number; readonly count: number }[] = [];

  /** Builds a set from ascending runs. */
  static from(runs: Iterable<readonly [first: number, last: number]>): SequenceRanges {
    const ranges = new SequenceRanges();
    for (const [first, last] of runs) ranges.appendRun(first, last);
    return ranges;
  }

  /** The inverse of {@link toBytes}. Throws BACKUP_INVALID when the bytes are no set. */
  static fromBytes(bytes: Uint8Array): SequenceRanges {
    const ranges = new SequenceRanges();
    const cursor = new RangeCursor(bytes, bytes.length);
    while (cursor.next()) ranges.appendRun(cursor.first, cursor.last);
    return ranges;
  }

  /** How many sequences the set holds. */
  get count(): number {
    return this.#closedCount + (this.#openLast < 0 ? 0 : this.#openLast - this.#openFirst + 1);
  }

  /** How many runs without a hole. */
  get runs(): number {
    return this.#closedRuns + (this.#openLast < 0 ? 0 : 1);
  }

  /** The lowest sequence; 0 when the set is empty. */
  get first(): number {
    return this.#first;
  }

  /** The highest sequence; 0 when the set is empty. */
  get last(): number {
    return Math.max(this.#openLast, 0);
  }

  /** The bytes that the set takes, for tests of its size. */
  get byteLength(): number {
    return this.#length;
  }

  /** Adds one sequence above all others. Throws INTERNAL when it is not. */
  append(sequence: number): void {
    if (sequence === this.#openLast + 1 && this.#openLast >= 0) this.#openLast = sequence;
    else this.appendRun(sequence, sequence);
  }

  /** Adds a run above all others. Throws INTERNAL when it is not. */
  appendRun(first: number, last: number): void {
    if (first > this.#openLast + 1 || this.#openLast < 0) {
      if (!(first >= 0 && last >= first && last <= Number.MAX_SAFE_INTEGER)) throw notAscending(first, last);
      this.#close();
      if (this.#closedRuns === 0) this.#first = first;
      this.#openFirst = first;
      this.#openLast = last;
    } else if (first === this.#openLast + 1 && last >= first && last <= Number.MAX_SAFE_INTEGER) {
      this.#openLast = last;
    } else {
      throw notAscending(first, last);
    }
  }

  has(sequence: number): boolean {
    if (sequence >= this.#openFirst && this.#openLast >= 0) return sequence <= this.#openLast;
    const cursor = this.#seek(sequence).cursor;
    while (cursor.next()) {
      if (cursor.last >= sequence) return cursor.first <= sequence;
    }
    return false;
  }

  /** How many sequences of the set are not above `sequence`. */
  countUpTo(sequence: number): number {
    if (sequence >= this.#openLast) return this.count;
    const { cursor, before } = this.#seek(sequence);
    let count = before;
    while (cursor.next()) {
      if (cursor.first > sequence) break;
      count += Math.min(cursor.last, sequence) - cursor.first + 1;
    }
    return count;
  }

  /** The sequences of this set that `other` has as well. */
  intersection(other: SequenceRanges): SequenceRanges {
    const result = new SequenceRanges();
    const a = this.cursor();
    const b = other.cursor();
    let more = a.next() && b.next();
    while (more) {
      const first = Math.max(a.first, b.first);
      const last = Math.min(a.last, b.last);
      if (first <= last) result.appendRun(first, last);
      more = a.last <= b.last ? a.next() : b.next();
    }
    return result;
  }

  /** The sequences of this set that `other` has not. */
  difference(other: SequenceRanges): SequenceRanges {
    const result = new SequenceRanges();
    const a = this.cursor();
    const b = other.cursor();
    let more = b.next();
    while (a.next()) {
      let first = a.first;
      while (more && b.last < first) more = b.next();
      while (more && b.first <= a.last) {
        if (b.first > first) result.appendRun(first, b.first - 1);
        first = b.last + 1;
        if (b.last > a.last) break;
        more = b.next();
      }
      if (first <= a.last) result.appendRun(first, a.last);
    }
    return result;
  }

  /** The sequences of either set. */
  union(other: SequenceRanges): SequenceRanges {
    const result = new SequenceRanges();
    const a = this.cursor();
    const b = other.cursor();
    let moreA = a.next();
    let moreB = b.next();
    while (moreA || moreB) {
      const fromA = moreA && (!moreB || a.first <= b.first);
      const { first, last } = fromA ? a : b;
      // What the result covers already is left out.
      const from = result.runs > 0 ? Math.max(first, result.last + 1) : first;
      if (from <= last) result.appendRun(from, last);
      if (fromA) moreA = a.next();
      else moreB = b.next();
    }
    return result;
  }

  /** The sequences from `sequence` on. */
  above(sequence: number): SequenceRanges {
    return this.intersection(SequenceRanges.from([[sequence + 1, Number.MAX_SAFE_INTEGER]]));
  }

  /** The sequences up to `sequence`, inclusive. */
  upTo(sequence: number): SequenceRanges {
    return sequence < 0 ? new SequenceRanges() : this.intersection(SequenceRanges.from([[0, sequence]]));
  }

  equals(other: SequenceRanges): boolean {
    if (this.count !== other.count || this.runs !== other.runs) return false;
    const a = this.cursor();
    const b = other.cursor();
    while (a.next() && b.next()) {
      if (a.first !== b.first || a.last !== b.last) return false;
    }
    return true;
  }

  /** A cursor before the first run: cheaper than the iterator, which makes an array for each run. */
  cursor(): RangeCursor {
    return new RangeCursor(this.#bytes, this.#length, 0, -1, this.#openFirst, this.#openLast);
  }

  *[Symbol.iterator](): Iterator<readonly [first: number, last: number]> {
    const cursor = this.cursor();
    while (cursor.next()) yield [cursor.first, cursor.last];
  }

  /** A copy of the packed runs, for storage or for another thread. */
  toBytes(): Uint8Array {
    const copy = new SequenceRanges();
    copy.#bytes = this.#bytes.slice(0, this.#length + 2 * maxUvarintBytes);
    copy.#length = this.#length;
    copy.#closedLast = this.#closedLast;
    copy.#openFirst = this.#openFirst;
    copy.#openLast = this.#openLast;
    copy.#close();
    return copy.#bytes.slice(0, copy.#length);
  }

  /** Packs the open run. */
  #close(): void {
    if (this.#openLast < 0) return;
    if (this.#length + 2 * maxUvarintBytes > this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2 + 2 * maxUvarintBytes);
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#length = writeUvarint(this.#bytes, this.#length, this.#openFirst - this.#closedLast - 1);
    this.#length = writeUvarint(this.#bytes, this.#length, this.#openLast - this.#openFirst);
    this.#closedRuns++;
    this.#closedCount += this.#openLast - this.#openFirst + 1;
    this.#closedLast = this.#openLast;
    if (this.#closedRuns % runsPerMark === 0) {
      this.#marks.push({ offset: this.#length, last: this.#closedLast, count: this.#closedCount });
    }
  }

  /** A cursor not far before the run that holds `sequence`, and how many sequences lie before that cursor. */
  #seek(sequence: number): { readonly cursor: RangeCursor; readonly before: number } {
    let low = 0;
    let high = this.#marks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#marks[middle]?.last ?? 0) < sequence) low = middle + 1;
      else high = middle;
    }
    const mark = this.#marks[low - 1] ?? { offset: 0, last: -1, count: 0 };
    const cursor = new RangeCursor(this.#bytes, this.#length, mark.offset, mark.last, this.#openFirst, this.#openLast);
    return { cursor, before: mark.count };
  }
}

function notAscending(first: number, last: number): RelightError {
  return new RelightError("INTERNAL", `the run ${first}-${last} does not follow the runs before it`);
}
