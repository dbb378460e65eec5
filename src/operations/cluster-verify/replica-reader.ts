import type { Fetched } from "./fetched.ts";
import { batchBytes, type ReplicaAccess, UnreadableReplica } from "./replica-access.ts";

export interface ReplicaReaderOptions {
  readonly server: string;
  /** To be disposed of with the reader. */
  readonly access: ReplicaAccess;
  /** The part to read, both inclusive. */
  readonly from: number;
  readonly through: number;
  /** Bytes of an average message: how many are asked for at once. */
  readonly averageBytes: number;
}

/** What one replica said of the next part of its stream. */
export interface ReplicaPart {
  readonly sequences: readonly number[];
  readonly digests: readonly number[];
  readonly bytes: number;
  /** All up to this sequence is told, and what is not in `sequences` this replica did not hand out. */
  readonly upTo: number;
  /** Where the server stopped although it should go on: it hands out nothing that begins in here. Both inclusive. */
  readonly hole: readonly [first: number, last: number] | null;
}

/** A server may send so many at once. */
const batchMessages = 1_000;
/** Holes that are measured; one costs up to some forty requests. Behind them the reading ends. */
const holesMeasured = 32;
/** Where nobody answers, as where the server was restarted, it is asked anew so often. */
const renewals = 5;

/**
 * Reads one replica of a stream from one sequence through another. Where the server stops though there should be more, it looks for
 * where it goes on: a damaged block makes it stop, and say that nothing is pending.
 *
 * Throws {@link UnreadableReplica}, CANCELLED, and what the API throws. To be disposed of.
 */
export class ReplicaReader implements AsyncDisposable {
  readonly #options: ReplicaReaderOptions;
  readonly #batch: number;
  #next: number;
  #renewals = 0;
  #holes = 0;

  constructor(options: ReplicaReaderOptions) {
    this.#options = options;
    this.#next = options.from;
    this.#batch = Math.max(1, Math.min(batchMessages, Math.floor(batchBytes / Math.max(1, options.averageBytes))));
  }

  get server(): string {
    return this.#options.server;
  }

  get done(): boolean {
    return this.#next > this.#options.through;
  }

  /** The next part, which is never nothing: `upTo` has moved on. */
  async read(): Promise<ReplicaPart> {
    const { through } = this.#options;
    for (;;) {
      const fetched = await this.#fetch();
      const last = fetched.sequences.at(-1);
      if (last !== undefined) {
        this.#next = last + 1;
        return this.#part(fetched, Math.min(last, through), null);
      }
      const hole = await this.#measureHole();
      if (hole === null) continue;
      this.#next = hole[1] + 1;
      return this.#part(fetched, hole[1], hole);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#options.access[Symbol.asyncDispose]();
  }

  /** Without what was published since: that was not asked for. */
  #part({ sequences, digests, bytes }: Fetched, upTo: number, hole: ReplicaPart["hole"]): ReplicaPart {
    const { through } = this.#options;
    let end = sequences.length;
    while (end > 0 && (sequences[end - 1] ?? 0) > through) end--;
    return { sequences: sequences.slice(0, end), digests: digests.slice(0, end), bytes, upTo, hole };
  }

  /** What the replica gives, which is asked anew where nobody answers. */
  async #fetch(): Promise<Fetched> {
    const { access } = this.#options;
    let batch = this.#batch;
    let silent = false;
    for (;;) {
      const fetched = await access.fetch(this.#next, batch);
      if (fetched.sequences.length > 0 || fetched.end === "empty") return fetched;
      if (fetched.end === "large") {
        batch = 1;
        continue;
      }
      // A server may be busy with its disk, and then a damaged place is met by silence, too.
      if (fetched.end === "silent" && silent) return fetched;
      silent = fetched.end === "silent";
      this.#renewals++;
      await access.renew();
      if (this.#renewals > renewals) throw unanswered(this.#next);
    }
  }

  /**
   * From where the server stopped to before where it goes on; to the end where it does not; null where it goes on by itself.
   * Steps that double find some place, halving finds the first: what can be read in between two damaged places is passed over.
   */
  async #measureHole(): Promise<readonly [number, number] | null> {
    const { through } = this.#options;
    const first = this.#next;
    this.#holes++;
    if (this.#holes > holesMeasured) {
      throw new UnreadableReplica("lost", `it stopped ${this.#holes} times, the last time at sequence ${first}`);
    }
    if (await this.#givesFrom(first)) return null;
    let bad = first;
    let good: number | undefined;
    for (let step = 1; good === undefined; step *= 2) {
      const at = first + step;
      if (at > through) break;
      if (await this.#givesFrom(at)) good = at;
      else bad = at;
    }
    if (good === undefined) {
      // The last step went too far: between it and the end may be something.
      if (bad === through || !(await this.#givesFrom(through))) return [first, through];
      good = through;
    }
    while (good - bad > 1) {
      const middle = Math.floor((bad + good) / 2);
      if (await this.#givesFrom(middle)) good = middle;
      else bad = middle;
    }
    await this.#options.access.renew();
    return [first, good - 1];
  }

  /** Whether the replica hands out anything that begins at a sequence and is not published since. */
  async #givesFrom(sequence: number): Promise<boolean> {
    const { access, through } = this.#options;
    await access.renew();
    const { sequences, end } = await access.fetch(sequence, 1);
    if (end === "gone" && sequences.length === 0) throw unanswered(sequence);
    return (sequences[0] ?? Number.POSITIVE_INFINITY) <= through;
  }
}

const unanswered = (sequence: number): UnreadableReplica =>
  new UnreadableReplica("lost", `nobody answers for it any more, the last time at sequence ${sequence}`);
