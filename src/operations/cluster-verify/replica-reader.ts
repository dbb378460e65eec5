import { setTimeout as sleep } from "node:timers/promises";
import { RelightError } from "../../errors.ts";
import type { JetStreamApi } from "../../jetstream/jetstream-api.ts";
import { AimedConsumer, aimConsumer } from "./aim-consumer.ts";
import { type Fetched, fetchBatch } from "./fetch-batch.ts";

export interface ReplicaReaderOptions {
  readonly api: JetStreamApi;
  readonly stream: string;
  readonly server: string;
  readonly replicas: number;
  /** The part to read, both inclusive. */
  readonly from: number;
  readonly through: number;
  /** Bytes of an average message: how many are asked for at once. */
  readonly averageBytes: number;
  /** Silence of a server that ends a request, in ms. Default 5000. */
  readonly silenceMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
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

/** A server may send so much at once. */
const batchBytes = 1024 * 1024;
const batchMessages = 1_000;
/** Holes that are measured; one costs up to some forty consumers. Behind them the reading ends. */
const holesMeasured = 32;
/** A consumer that fell away, as where its server was restarted, is made anew so often. */
const renewals = 5;
/** A consumer that is not heard of yet is asked so often. */
const asks = 20;

/** Reading a replica was not possible, or not to its end. */
export class UnreadableReplica extends Error {
  readonly kind: "refused" | "missed" | "lost";
  constructor(kind: UnreadableReplica["kind"], reason: string) {
    super(reason);
    this.kind = kind;
  }
}

/**
 * Reads one replica of a stream from one sequence through another, through consumers on its server. Where the server stops
 * though there should be more, it looks for where it goes on: a damaged block makes it stop, and say that nothing is pending.
 *
 * Throws {@link UnreadableReplica}, CANCELLED, and what the API throws. To be disposed of: it has a consumer.
 */
export class ReplicaReader implements AsyncDisposable {
  readonly #options: ReplicaReaderOptions;
  readonly #batch: number;
  #next: number;
  #consumer: AimedConsumer | undefined;
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
    await this.#consumer?.remove();
    this.#consumer = undefined;
  }

  /** Without what was published since: that was not asked for. */
  #part({ sequences, digests, bytes }: Fetched, upTo: number, hole: ReplicaPart["hole"]): ReplicaPart {
    const { through } = this.#options;
    let end = sequences.length;
    while (end > 0 && (sequences[end - 1] ?? 0) > through) end--;
    return { sequences: sequences.slice(0, end), digests: digests.slice(0, end), bytes, upTo, hole };
  }

  /** What the consumer gives, which is made anew where it fell away. */
  async #fetch(): Promise<Fetched> {
    let batch = this.#batch;
    let silent = false;
    for (;;) {
      this.#consumer ??= await this.#aim(this.#next);
      const fetched = await this.#ask(this.#consumer, batch);
      if (fetched.sequences.length > 0 || fetched.end === "empty") return fetched;
      if (fetched.end === "large") {
        batch = 1;
        continue;
      }
      // A server may be busy with its disk, and then a damaged place is met by silence, too.
      if (fetched.end === "silent" && silent) return fetched;
      silent = fetched.end === "silent";
      this.#renewals++;
      await this[Symbol.asyncDispose]();
      if (this.#renewals > renewals) {
        throw new UnreadableReplica("lost", `it loses its consumers, the last one at sequence ${this.#next}`);
      }
    }
  }

  /** Asks a consumer, which may not be heard of yet where it is new. */
  async #ask(consumer: AimedConsumer, batch: number): Promise<Fetched> {
    const { silenceMs = 5_000, signal, stream } = this.#options;
    for (let attempt = 1; ; attempt++) {
      const fetched = await fetchBatch(consumer, { batch, maxBytes: batchBytes, silenceMs, signal });
      if (signal?.aborted) throw new RelightError("CANCELLED", `reading "${stream}" was cancelled`);
      if (fetched.end !== "gone" || fetched.sequences.length > 0 || attempt === asks) return fetched;
      await sleep(50);
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
    await this[Symbol.asyncDispose]();
    return [first, good - 1];
  }

  /** Whether the replica hands out anything that begins at a sequence and is not published since. */
  async #givesFrom(sequence: number): Promise<boolean> {
    await using consumer = await this.#aim(sequence);
    const { sequences, end } = await this.#ask(consumer, 1);
    if (end === "gone" && sequences.length === 0) {
      throw new UnreadableReplica("lost", `it loses its consumers, the last one at sequence ${sequence}`);
    }
    return (sequences[0] ?? Number.POSITIVE_INFINITY) <= this.#options.through;
  }

  async #aim(from: number): Promise<AimedConsumer> {
    const { api, stream, server, replicas, signal } = this.#options;
    const aimed = await aimConsumer({ api, stream, server, replicas, from, signal });
    if (aimed instanceof AimedConsumer) return aimed;
    throw new UnreadableReplica(aimed.kind, aimed.reason);
  }
}
