/**
 * What a stream should hold, reckoned by hand: the oracle of the kinds of streams. It knows the rules that decide which
 * messages live on (limits, deletes, purges, roll-ups) and nothing of any server.
 */
export class LiveModel {
  #last: number;
  #first: number;
  readonly #live = new Map<number, string>();
  readonly #maxPerSubject: number;
  readonly #maxMessages: number;

  constructor(
    rules: { readonly firstSeq?: number; readonly maxPerSubject?: number; readonly maxMessages?: number } = {},
  ) {
    this.#last = (rules.firstSeq ?? 1) - 1;
    this.#first = rules.firstSeq ?? 0;
    this.#maxPerSubject = rules.maxPerSubject ?? Number.POSITIVE_INFINITY;
    this.#maxMessages = rules.maxMessages ?? Number.POSITIVE_INFINITY;
  }

  /** A message is stored; returns its sequence. `rollup` removes every older message of the subject. */
  publish(subject: string, rollup = false): number {
    this.#last += 1;
    this.#live.set(this.#last, subject);
    const same = this.#of(subject);
    const keep = rollup ? 1 : this.#maxPerSubject;
    for (const sequence of same.slice(0, Math.max(0, same.length - keep))) this.#live.delete(sequence);
    const all = [...this.#live.keys()];
    for (const sequence of all.slice(0, Math.max(0, all.length - this.#maxMessages))) this.#live.delete(sequence);
    return this.#last;
  }

  /** Messages are deleted, acknowledged off a work queue, or expire. */
  remove(...sequences: readonly number[]): void {
    for (const sequence of sequences) {
      if (!this.#live.delete(sequence)) throw new Error(`sequence ${sequence} is not there to remove`);
    }
  }

  /** Purges the messages that `matches` accepts (all by default), but keeps the newest `keep` of them. */
  purge(matches: (subject: string, sequence: number) => boolean = () => true, keep = 0): void {
    const chosen = [...this.#live].filter(([sequence, subject]) => matches(subject, sequence));
    for (const [sequence] of chosen.slice(0, chosen.length - keep)) this.#live.delete(sequence);
  }

  /** A purge up to a sequence that was not reached yet: everything goes, and counting goes on from there. */
  jump(next: number): void {
    this.#live.clear();
    this.#last = next - 1;
  }

  /** Live sequences, ascending. */
  get live(): number[] {
    return [...this.#live.keys()];
  }

  get lastSeq(): number {
    return this.#last;
  }

  /** The oldest live sequence; of an empty stream the next one to come, or 0 if none ever came. */
  get firstSeq(): number {
    const [oldest] = this.#live.keys();
    if (oldest !== undefined) return oldest;
    return this.#last === 0 ? 0 : Math.max(this.#first, this.#last + 1);
  }

  #of(subject: string): number[] {
    const found: number[] = [];
    for (const [sequence, its] of this.#live) if (its === subject) found.push(sequence);
    return found;
  }
}
