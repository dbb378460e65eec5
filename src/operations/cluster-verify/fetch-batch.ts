import { createInbox, type Msg } from "@nats-io/nats-core";
import { parseDelivery } from "../../jetstream/capture/delivery.ts";
import { rawMessage } from "../../jetstream/capture/raw-message.ts";
import type { AimedConsumer } from "./aim-consumer.ts";
import type { Fetched } from "./fetched.ts";
import { Listening, type ListeningOptions } from "./listening.ts";
import { messageDigest } from "./message-digest.ts";

export interface FetchOptions extends ListeningOptions {
  readonly batch: number;
  /** Bytes that the server may send at once. */
  readonly maxBytes: number;
}

/** Asks a pull consumer for what it can give now. Never throws for what the server does. */
export async function fetchBatch(consumer: AimedConsumer, options: FetchOptions): Promise<Fetched> {
  const { connection, prefix, inboxPrefix } = consumer.api;
  const { batch, maxBytes } = options;
  const sequences: number[] = [];
  const digests: number[] = [];
  let bytes = 0;
  const inbox = createInbox(inboxPrefix);
  using listening = new Listening(connection, inbox, receive, options);

  function receive(message: Msg): void {
    const delivery = parseDelivery(message.reply ?? "");
    if (!delivery) {
      listening.end(endOf(message, sequences.length));
      return;
    }
    const raw = rawMessage(message);
    sequences.push(delivery.streamSequence);
    digests.push(messageDigest(delivery, raw));
    bytes += raw.subject.length + raw.headers.length + raw.payload.length;
    if (sequences.length === batch) listening.end("full");
  }

  const request = JSON.stringify({ batch, no_wait: true, ...(batch > 1 ? { max_bytes: maxBytes } : {}) });
  const subject = `${prefix}.CONSUMER.MSG.NEXT.${consumer.stream}.${consumer.name}`;
  connection.publish(subject, request, { reply: inbox });
  const end = await listening.ended;
  return { sequences, digests, end, bytes };
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
