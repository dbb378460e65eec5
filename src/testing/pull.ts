import type { Msg, NatsConnection } from "@nats-io/nats-core";
import { createInbox } from "@nats-io/nats-core";

/** A delivered message that waits for its acknowledgement. */
export interface Delivery {
  readonly sequence: number;
  readonly subject: string;
  readonly payload: Uint8Array;
  /** How often it was delivered, this time included. */
  readonly tries: number;
  readonly reply: string;
}

/**
 * Fetches exactly `count` messages from a pull consumer, without acknowledging any: they stay pending until `answer`.
 *
 * Asks again while fewer come, because in a cluster a new consumer is not heard at once and a refused message takes a
 * moment to come again; throws when there are not enough after 10 seconds.
 */
export async function fetchMessages(
  nc: NatsConnection,
  stream: string,
  consumer: string,
  count: number,
): Promise<Delivery[]> {
  const until = Date.now() + 10_000;
  const deliveries = await fetchAvailable(nc, stream, consumer, count);
  while (deliveries.length < count) {
    if (Date.now() > until) throw new Error(`${consumer} on ${stream} gave ${deliveries.length} messages of ${count}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    deliveries.push(...(await fetchAvailable(nc, stream, consumer, count - deliveries.length)));
  }
  return deliveries;
}

/** Fetches up to `count` messages: as many as the consumer can give right now, none of them acknowledged. */
export async function fetchAvailable(
  nc: NatsConnection,
  stream: string,
  consumer: string,
  count: number,
): Promise<Delivery[]> {
  const inbox = createInbox();
  const deliveries: Delivery[] = [];
  const done = Promise.withResolvers<void>();
  const timer = setTimeout(() => done.reject(new Error(`${consumer} on ${stream} sends nothing`)), 10_000);
  const subscription = nc.subscribe(inbox, {
    callback: (error, message) => {
      if (error) return done.reject(error);
      if (message.headers?.hasError && message.data.length === 0 && !message.reply?.startsWith("$JS.ACK.")) {
        return done.resolve();
      }
      deliveries.push(delivery(message));
      if (deliveries.length === count) done.resolve();
    },
  });
  try {
    const request = JSON.stringify({ batch: count, no_wait: true });
    nc.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, request, { reply: inbox });
    await done.promise;
  } finally {
    clearTimeout(timer);
    subscription.unsubscribe();
  }
  return deliveries;
}

/** Reads what an acknowledgement's subject says about a delivered message. */
export function delivery(message: Msg): Delivery {
  const reply = message.reply ?? "";
  const token = reply.split(".");
  // $JS.ACK.<stream>.<consumer>.<tries>.<stream seq>.…, newer servers put <domain>.<account> before the stream.
  const at = token.length === 9 ? 4 : 6;
  return {
    sequence: Number(token[at + 1]),
    subject: message.subject,
    payload: message.data.slice(),
    tries: Number(token[at]),
    reply,
  };
}

/**
 * Answers deliveries and waits until the server has taken it in: "+ACK", "-NAK" (deliver again), "+TERM" (never
 * again), "+WPI" (still working).
 */
export async function answer(
  nc: NatsConnection,
  deliveries: readonly Delivery[],
  word: "+ACK" | "-NAK" | "+TERM" | "+WPI" = "+ACK",
): Promise<void> {
  for (const one of deliveries) await nc.request(one.reply, word, { timeout: 10_000 });
}
