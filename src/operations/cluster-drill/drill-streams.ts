import { setTimeout as sleep } from "node:timers/promises";
import { createInbox, headers, type NatsConnection } from "@nats-io/nats-core";
import { isRelightError, RelightError } from "../../errors.ts";
import type { StreamConfig, StreamInfo } from "../../jetstream/api-types.ts";
import type { JetStreamApi } from "../../jetstream/jetstream-api.ts";

/** A stream of the drill, and what is done to it. */
export interface DrillStream {
  readonly name: string;
  readonly replicas: 1 | 3 | 5;
  readonly subjects: readonly string[];
  readonly messages: number;
  /** Sequences that are deleted again, so that there are gaps. */
  readonly deleted: readonly number[];
  readonly consumers: readonly DrillConsumer[];
}

export interface DrillConsumer {
  readonly name: string;
  readonly delivered: number;
  /** How many of them are acknowledged, in their order; the others wait for it. */
  readonly acknowledged: number;
}

const orders: DrillStream = {
  name: "ORDERS",
  replicas: 3,
  subjects: ["orders.new", "orders.paid", "orders.shipped"],
  messages: 5_000,
  deleted: [10, 11, 500],
  consumers: [
    { name: "billing", delivered: 200, acknowledged: 150 },
    { name: "shipping", delivered: 1_000, acknowledged: 1_000 },
  ],
};
const carts: DrillStream = {
  name: "CARTS",
  replicas: 3,
  subjects: ["carts.opened", "carts.left"],
  messages: 1_000,
  deleted: [],
  consumers: [{ name: "reminders", delivered: 20, acknowledged: 0 }],
};
const audit: DrillStream = {
  name: "AUDIT",
  replicas: 1,
  subjects: ["audit.login", "audit.change"],
  messages: 2_000,
  deleted: [77],
  consumers: [{ name: "auditor", delivered: 100, acknowledged: 60 }],
};
const payments: DrillStream = {
  name: "PAYMENTS",
  replicas: 5,
  subjects: ["payments.booked"],
  messages: 1_000,
  deleted: [],
  consumers: [{ name: "ledger", delivered: 50, acknowledged: 40 }],
};

/** Five replicas need five nodes. */
export function drillStreams(nodes: number): readonly DrillStream[] {
  return nodes >= 5 ? [orders, carts, audit, payments] : [orders, carts, audit];
}

/** Creates a stream with its messages, gaps and consumers; resolves when all of it is acknowledged. */
export async function loadStream(api: JetStreamApi, stream: DrillStream, signal: AbortSignal): Promise<void> {
  const { name, replicas, deleted } = stream;
  const subjects = [`${name.toLowerCase()}.>`];
  const config: StreamConfig = { name, subjects, storage: "file", num_replicas: replicas, allow_direct: true };
  await whileNew(signal, () => api.createStream(config));
  await publish(api.connection, stream, { from: 1, count: stream.messages, signal });
  for (const seq of deleted) await api.request(`STREAM.MSG.DELETE.${name}`, { seq });
  for (const consumer of stream.consumers) await loadConsumer(api, name, consumer, signal);
}

/** Publishes and waits for every acknowledgement. Returns the sequences that were acknowledged. */
export async function publish(
  nc: NatsConnection,
  stream: Pick<DrillStream, "subjects">,
  { from, count, signal }: { readonly from: number; readonly count: number; readonly signal: AbortSignal },
): Promise<readonly number[]> {
  const { subjects } = stream;
  const sequences: number[] = [];
  const atOnce = 250;
  for (let begin = 0; begin < count; begin += atOnce) {
    const batch = Array.from({ length: Math.min(atOnce, count - begin) }, async (_, index) => {
      const number = from + begin + index;
      const subject = subjects[number % subjects.length] ?? "";
      // Sent again it is the same message: the server knows it by this.
      const id = headers();
      id.set("Nats-Msg-Id", `${subject}-${number}`);
      const body = JSON.stringify({
        number,
        subject,
        at: new Date().toISOString(),
        note: "a drill of relight ".repeat(12),
      });
      return await whileNew(signal, async () => {
        const answer = (await nc.request(subject, body, { timeout: 5_000, headers: id })).json<PublishAnswer>();
        if (answer.seq === undefined) throw new RelightError("API_ERROR", answer.error?.description ?? "not stored");
        return answer.seq;
      });
    });
    sequences.push(...(await Promise.all(batch)));
  }
  return sequences;
}

interface PublishAnswer {
  readonly seq?: number;
  readonly error?: { readonly description?: string };
}

async function loadConsumer(
  api: JetStreamApi,
  stream: string,
  consumer: DrillConsumer,
  signal: AbortSignal,
): Promise<void> {
  const { name, delivered, acknowledged } = consumer;
  const config = {
    durable_name: name,
    name,
    ack_policy: "explicit",
    deliver_policy: "all",
    ack_wait: 3_600_000_000_000,
  };
  await whileNew(signal, () => api.request(`CONSUMER.CREATE.${stream}.${name}`, { stream_name: stream, config }));
  const replies = await fetch(api.connection, stream, name, delivered, signal);
  for (const reply of replies.slice(0, acknowledged)) await api.connection.request(reply, "+ACK", { timeout: 5_000 });
}

/** Takes messages for a consumer; the subjects that acknowledge them. */
async function fetch(
  nc: NatsConnection,
  stream: string,
  consumer: string,
  count: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const replies: string[] = [];
  const until = Date.now() + newMs;
  while (replies.length < count) {
    if (signal.aborted) throw new RelightError("CANCELLED", "the drill was cancelled");
    if (Date.now() > until) throw new RelightError("API_ERROR", `${consumer} on ${stream} hands out no messages`);
    replies.push(...(await fetchSome(nc, `${stream}.${consumer}`, count - replies.length)));
  }
  return replies;
}

/** As many as come: a consumer that is new is not heard of everywhere at once, and then nobody answers. */
async function fetchSome(nc: NatsConnection, consumer: string, count: number): Promise<readonly string[]> {
  const inbox = createInbox();
  const replies: string[] = [];
  const ended = Promise.withResolvers<void>();
  const timer = setTimeout(ended.resolve, 2_000);
  const subscription = nc.subscribe(inbox, {
    callback: (_, message) => {
      if (message.reply?.startsWith("$JS.ACK.")) replies.push(message.reply);
      else setTimeout(ended.resolve, 100);
      if (replies.length === count) ended.resolve();
    },
  });
  try {
    nc.publish(`$JS.API.CONSUMER.MSG.NEXT.${consumer}`, JSON.stringify({ batch: count, no_wait: true }), {
      reply: inbox,
    });
    await ended.promise;
  } finally {
    clearTimeout(timer);
    subscription.unsubscribe();
  }
  return replies;
}

/** Where a stream lives: its leader, and the other replicas. */
export function homesOf({ cluster }: StreamInfo): readonly string[] {
  return [...(cluster?.leader ? [cluster.leader] : []), ...(cluster?.replicas ?? []).map(({ name }) => name)];
}

const newMs = 20_000;

/**
 * What is asked of a cluster that is new, or has just lost a node, is asked again for a while: a stream is not known everywhere at once,
 * and electing a leader takes time. Only for what can be done twice without harm.
 */
async function whileNew<Answer>(signal: AbortSignal, ask: () => Promise<Answer>): Promise<Answer> {
  const until = Date.now() + newMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (signal.aborted) throw new RelightError("CANCELLED", "the drill was cancelled", { cause: error });
      if (Date.now() > until || isRelightError(error, "CONNECTION_LOST")) throw error;
      await sleep(100);
    }
  }
}
