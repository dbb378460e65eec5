import { setTimeout as sleep } from "node:timers/promises";
import { RelightError } from "../../errors.ts";
import { AimedConsumer, type AimOptions, aimConsumer } from "./aim-consumer.ts";
import { fetchBatch } from "./fetch-batch.ts";
import type { Fetched } from "./fetched.ts";
import { batchBytes, type ReplicaAccess, UnreadableReplica } from "./replica-access.ts";

export interface ConsumerAccessOptions extends Omit<AimOptions, "from"> {
  /** Silence of a server that ends a request, in ms. Default 5000. */
  readonly silenceMs?: number | undefined;
}

/** A consumer that is not heard of yet is asked so often. */
const asks = 20;

/** Reads a replica through short-lived consumers on its server; see {@link aimConsumer}. */
export class ConsumerAccess implements ReplicaAccess {
  readonly #options: ConsumerAccessOptions;
  #consumer: AimedConsumer | undefined;
  /** The sequence that the consumer goes on with. */
  #at = 0;

  constructor(options: ConsumerAccessOptions) {
    this.#options = options;
  }

  async fetch(from: number, batch: number): Promise<Fetched> {
    if (from !== this.#at) await this.renew();
    this.#consumer ??= await this.#aim(from);
    this.#at = from;
    const fetched = await this.#ask(this.#consumer, batch);
    this.#at = (fetched.sequences.at(-1) ?? from - 1) + 1;
    return fetched;
  }

  async renew(): Promise<void> {
    await this.#consumer?.remove();
    this.#consumer = undefined;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.renew();
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

  async #aim(from: number): Promise<AimedConsumer> {
    const aimed = await aimConsumer({ ...this.#options, from });
    if (aimed instanceof AimedConsumer) return aimed;
    throw new UnreadableReplica(aimed.kind, aimed.reason);
  }
}
