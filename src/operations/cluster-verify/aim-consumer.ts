import { nuid } from "@nats-io/nats-core";
import { isRelightError, RelightError } from "../../errors.ts";
import type { ConsumerInfo } from "../../jetstream/api-types.ts";
import { verifyConsumerDescription } from "../../jetstream/capture/own-consumers.ts";
import type { JetStreamApi } from "../../jetstream/jetstream-api.ts";

/** The server removes a consumer itself that nobody asks for so long: where this process dies, it leaves none behind. */
const inactiveNs = 30_000_000_000;
/** Consumers that are made at most until one is on the wanted server, for each replica that the stream has: by chance 1 in 100,000 fails. */
const triesPerReplica = 12;

const timeoutsBorne = 3;

export interface AimOptions {
  readonly api: JetStreamApi;
  readonly stream: string;
  /** The server whose replica is to be read. */
  readonly server: string;
  /** How many replicas the stream has: one alone needs no aiming. */
  readonly replicas: number;
  /** The first sequence to read. */
  readonly from: number;
  readonly signal?: AbortSignal | undefined;
}

/** Why a consumer could not be put on a server. */
export type AimFailure =
  /** The stream takes no consumer like this: a work queue, or its limit of consumers. */
  | { readonly kind: "refused"; readonly reason: string }
  /** The server was never chosen: it is not active, or not a peer any more. */
  | { readonly kind: "missed"; readonly reason: string };

/**
 * A pull consumer of one replica, acknowledging nothing, whose one replica is on the wanted server: there it reads that server's
 * own store, without moving the stream's leader. Nobody can choose the server, which is drawn among the stream's active peers; so
 * it is drawn again until it is the wanted one.
 *
 * Throws what the API throws, and CANCELLED.
 */
export async function aimConsumer(options: AimOptions): Promise<AimedConsumer | AimFailure> {
  const { api, stream, server, replicas, signal } = options;
  const others = new Set<string>();
  let timeouts = 0;
  for (let attempt = 0; attempt < triesPerReplica * replicas; attempt++) {
    if (signal?.aborted) throw new RelightError("CANCELLED", `reading "${stream}" was cancelled`);
    // Named by us, so that it can be removed also where the answer to its creation is lost.
    const consumer = new AimedConsumer(api, stream, `relight_verify_${nuid.next()}`);
    let info: ConsumerInfo;
    try {
      info = await create(options, consumer.name);
    } catch (error) {
      await consumer.remove();
      if (isRelightError(error, "API_ERROR")) return { kind: "refused", reason: error.message };
      // A server that reads a damaged store may be too busy to answer at once.
      if (!isRelightError(error, "TIMEOUT") || ++timeouts === timeoutsBorne) throw error;
      continue;
    }
    const leader = info.cluster?.leader;
    // A server that is no cluster has one replica, and names none.
    if (leader === undefined || leader === server) return consumer;
    others.add(leader);
    await consumer.remove();
  }
  return { kind: "missed", reason: `no consumer was placed on it, only on ${[...others].sort().join(", ")}` };
}

function create({ api, stream, from }: AimOptions, name: string): Promise<ConsumerInfo> {
  return api.request<ConsumerInfo>(`CONSUMER.CREATE.${stream}.${name}`, {
    stream_name: stream,
    config: {
      name,
      description: verifyConsumerDescription,
      ...(from > 1 ? { deliver_policy: "by_start_sequence", opt_start_seq: from } : { deliver_policy: "all" }),
      ack_policy: "none",
      replay_policy: "instant",
      inactive_threshold: inactiveNs,
      mem_storage: true,
      num_replicas: 1,
    },
  });
}

/** A consumer on one replica. To be removed by who has it. */
export class AimedConsumer implements AsyncDisposable {
  readonly kind = "aimed";
  readonly api: JetStreamApi;
  readonly stream: string;
  readonly name: string;

  constructor(api: JetStreamApi, stream: string, name: string) {
    this.api = api;
    this.stream = stream;
    this.name = name;
  }

  /** Where it cannot be removed now, the server removes it itself after a while. */
  async remove(): Promise<void> {
    try {
      await this.api.request(`CONSUMER.DELETE.${this.stream}.${this.name}`, undefined, { timeoutMs: 2_000 });
    } catch (error) {
      if (!(error instanceof RelightError)) throw error;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.remove();
  }
}
