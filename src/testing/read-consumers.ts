import type { NatsConnection } from "@nats-io/nats-core";
import { jsRequest } from "./js-request.ts";
import type { OpenConfig } from "./stream-info.ts";

export interface DeliveredPair {
  readonly consumer_seq: number;
  readonly stream_seq: number;
}

/** What a consumer is and where it stands. */
export interface ConsumerFacts {
  readonly name: string;
  readonly created: string;
  readonly config: OpenConfig;
  readonly delivered: DeliveredPair;
  readonly ack_floor: DeliveredPair;
  readonly num_pending: number;
  readonly num_ack_pending: number;
  readonly num_redelivered: number;
  /** Time left of a pause, in nanoseconds, where the consumer is paused. */
  readonly pause_remaining?: number;
}

/**
 * Every consumer of a stream by name, in the order of their names, asked one by one, so that a cluster leaves none out.
 * Has no side effect: an ephemeral consumer's time of inactivity goes on.
 */
export async function readConsumers(nc: NatsConnection, stream: string): Promise<ConsumerFacts[]> {
  const names: string[] = [];
  for (;;) {
    const page = await jsRequest<{ readonly total: number; readonly consumers?: readonly string[] | null }>(
      nc,
      `CONSUMER.NAMES.${stream}`,
      { offset: names.length },
    );
    const consumers = page.consumers ?? [];
    names.push(...consumers);
    if (consumers.length === 0 || names.length >= page.total) break;
  }
  names.sort();
  return await Promise.all(names.map((name) => readConsumer(nc, stream, name)));
}

/** One consumer as it is now. */
export async function readConsumer(nc: NatsConnection, stream: string, name: string): Promise<ConsumerFacts> {
  const info = await jsRequest<ConsumerFacts>(nc, `CONSUMER.INFO.${stream}.${name}`);
  return {
    name: info.name,
    created: info.created,
    config: info.config,
    delivered: pair(info.delivered),
    ack_floor: pair(info.ack_floor),
    num_pending: info.num_pending,
    num_ack_pending: info.num_ack_pending,
    num_redelivered: info.num_redelivered,
    ...(info.pause_remaining === undefined ? {} : { pause_remaining: info.pause_remaining }),
  };
}

/** The two sequences alone: a server also tells the time of the last activity, which no backup holds. */
function pair(value: DeliveredPair): DeliveredPair {
  return { consumer_seq: value.consumer_seq, stream_seq: value.stream_seq };
}
