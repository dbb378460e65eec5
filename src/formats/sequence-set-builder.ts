import { SequenceRanges } from "./sequence-ranges.ts";

/** Unordered sequences that may wait before they are merged: 4 MiB. */
const pendingLimit = 512 * 1024;

/**
 * Collects sequences in any order, repeats included, into a {@link SequenceRanges}. Ascending ones, the usual case, cost
 * nothing extra; the others wait in a bounded buffer and are sorted in.
 */
export class SequenceSetBuilder {
  #ascending = new SequenceRanges();
  #pending = new Float64Array(64);
  #pendingCount = 0;

  add(sequence: number): void {
    if (this.#ascending.runs === 0 || sequence > this.#ascending.last) {
      this.#ascending.append(sequence);
      return;
    }
    if (sequence === this.#ascending.last) return;
    if (this.#pendingCount === this.#pending.length) {
      if (this.#pendingCount >= pendingLimit) this.#merge();
      else {
        const larger = new Float64Array(this.#pending.length * 4);
        larger.set(this.#pending);
        this.#pending = larger;
      }
    }
    this.#pending[this.#pendingCount++] = sequence;
  }

  /** The set so far. It must not be kept while more is added. */
  build(): SequenceRanges {
    if (this.#pendingCount > 0) this.#merge();
    return this.#ascending;
  }

  #merge(): void {
    const sorted = this.#pending.subarray(0, this.#pendingCount).sort();
    const ranges = new SequenceRanges();
    let before = -1;
    for (const sequence of sorted) {
      if (sequence !== before) ranges.append(sequence);
      before = sequence;
    }
    this.#ascending = this.#ascending.union(ranges);
    this.#pendingCount = 0;
  }
}
