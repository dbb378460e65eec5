import { createInbox, type Msg } from "@nats-io/nats-core";
import { parseDelivery } from "../../jetstream/capture/delivery.ts";
import { rawMessage } from "../../jetstream/capture/raw-message.ts";
import type { AimedConsumer } from "./aim-consumer.ts";
import type { Fetched } from "./fetched.ts";
import { messageDigest } from "./message-digest.ts";

export interface FetchOptions {
  readonly batch: number;
  /** Bytes that the server may send at once. */
  readonly maxBytes: number;
  readonly silenceMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Asks a pull consumer for what it can give now. Never throws for what the server does. */
export async function fetchBatch(consumer: AimedConsumer, options: FetchOptions): Promise<Fetched> {
  const { connection, prefix, inboxPrefix } = consumer.api;
  const { batch, maxBytes, silenceMs, signal } = options;
  const sequences: number[] = [];
  const digests: number[] = [];
  const ended = Promise.withResolvers<Fetched["end"]>();
  let bytes = 0;
  let heard = Date.now();

  const receive = (error: Error | null, message: Msg): void => {
    heard = Date.now();
    const delivery = error ? undefined : parseDelivery(message.reply ?? "");
    if (!delivery) {
      ended.resolve(error ? "gone" : endOf(message, sequences.length));
      return;
    }
    const raw = rawMessage(message);
    sequences.push(delivery.streamSequence);
    digests.push(messageDigest(delivery, raw));
    bytes += raw.subject.length + raw.headers.length + raw.payload.length;
    if (sequences.length === batch) ended.resolve("full");
  };

  const inbox = createInbox(inboxPrefix);
  const subscription = connection.subscribe(inbox, { callback: receive });
  const watch = setInterval(() => {
    if (signal?.aborted || connection.isClosed()) ended.resolve("gone");
    else if (Date.now() - heard > silenceMs) ended.resolve("silent");
  }, 100);
  try {
    const request = JSON.stringify({ batch, no_wait: true, ...(batch > 1 ? { max_bytes: maxBytes } : {}) });
    const subject = `${prefix}.CONSUMER.MSG.NEXT.${consumer.stream}.${consumer.name}`;
    connection.publish(subject, request, { reply: inbox });
    return { sequences, digests, end: await ended.promise, bytes };
  } finally {
    clearInterval(watch);
    subscription.unsubscribe();
  }
}

/** What a message without content says of the request. */
function endOf(message: Msg, received: number): Fetched["end"] {
  const code = message.headers?.code ?? 0;
  // 404: no messages. 408: none within the time. 409: more would be too many bytes, or the consumer was deleted.
  if (code === 404 || code === 408) return "empty";
  if (code === 409 && !/deleted|leadership/i.test(message.headers?.description ?? ""))
    return received > 0 ? "full" : "large";
  return "gone";
}
