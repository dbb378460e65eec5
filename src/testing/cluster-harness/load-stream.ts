import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/nats-core";
import { fillStream } from "../fill.ts";
import { jsRequest } from "../js-request.ts";
import { fetchMessages } from "../pull.ts";
import type { OpenConfig } from "../stream-info.ts";
import { createConsumer, createStream } from "../stream-setup.ts";

/** A stream with messages and a consumer that has taken 20 of them and acknowledged none. */
export async function loadStream(
  nc: NatsConnection,
  config: OpenConfig & { readonly name: string },
  messages = 300,
): Promise<void> {
  const { name } = config;
  const subjects = [`${name.toLowerCase()}.>`];
  const copies = config.mirror !== undefined || config.sources !== undefined;
  await createStream(nc, { allow_direct: true, ...(copies ? {} : { subjects }), ...config });
  if (copies) return;
  await fillStream(nc, name, { messages, size: 300, kind: "json", subjects: [`${name.toLowerCase()}.a`] });
  await createConsumer(nc, name, { durable_name: `of-${name}`, ack_wait: 3_600_000_000_000 });
  await fetchMessages(nc, name, `of-${name}`, 20);
  // Delivered messages are counted a moment after they came.
  const counted = async (): Promise<boolean> => {
    const subject = `CONSUMER.INFO.${name}.of-${name}`;
    const info = await jsRequest<{ num_ack_pending: number; delivered: { stream_seq: number } }>(nc, subject);
    return info.num_ack_pending === 20 && info.delivered.stream_seq === 20;
  };
  while (!(await counted())) await sleep(20);
}
