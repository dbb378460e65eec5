import { SequenceRanges } from "../sequence-ranges.ts";
import { SequenceSetBuilder } from "../sequence-set-builder.ts";

/** Keeps account of what lies between the messages that can be read, as they go by in ascending order. */
export class LostSequences {
  /** Where no damage lies before the next message, what is missing there was so before. */
  readonly #holes: [first: number, last: number][] = [];
  readonly stored = new SequenceRanges();
  readonly tombstones = new SequenceSetBuilder();
  readonly erased = new SequenceSetBuilder();
  #isOpen = false;
  /** The highest sequence that was read, of a message or of what marks one that is gone. */
  last = 0;
  lastTime = 0n;

  /** Something cannot be read here. */
  damage(): void {
    this.#isOpen = true;
  }

  /** Whether damage lies behind everything that was read. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** A message, or an erased one, was read. Those that come a second time are no news. */
  read(sequence: number, time: bigint, isMessage: boolean): void {
    if (sequence <= this.last) return;
    if (this.#isOpen && sequence > this.last + 1) this.#holes.push([this.last + 1, sequence - 1]);
    this.#isOpen = false;
    this.last = sequence;
    this.lastTime = time;
    if (isMessage) this.stored.append(sequence);
    else this.erased.add(sequence);
  }

  /**
   * The lost sequences. `expected`: what an index calls live up to `indexedUpTo`, and whether it was written before the blocks
   * were copied; `first`, `last`: the stream's, as far as they are known from elsewhere.
   */
  lost(known: {
    readonly expected?: SequenceRanges | undefined;
    readonly indexedUpTo?: number | undefined;
    readonly indexFirst?: boolean | undefined;
    readonly first?: number | undefined;
    readonly last?: number | undefined;
  }): SequenceRanges {
    const { expected, indexedUpTo = 0, indexFirst = false, first = 1, last = 0 } = known;
    const end = Math.max(last, indexedUpTo);
    const runs = this.#isOpen && end > this.last ? [...this.#holes, [this.last + 1, end] as const] : this.#holes;
    let holes = SequenceRanges.from(runs).above(first - 1);
    if (expected) {
      // A server can skip blocks without any damage. What is newer than its last record came too late for the snapshot; what
      // an index that came first knows, and the first block does not, went before that was copied.
      // But not what was there when it began.
      let skipped = expected.upTo(Math.max(this.last, last));
      if (indexFirst) skipped = skipped.above(this.stored.first - 1).difference(this.erased.build());
      holes = holes.intersection(expected).union(holes.above(indexedUpTo)).union(skipped);
    }
    return holes.difference(this.stored).difference(this.tombstones.build());
  }
}
