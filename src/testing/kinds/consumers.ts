import type { NatsConnection } from "@nats-io/nats-core";
import { createInbox } from "@nats-io/nats-core";
import { LiveModel } from "../live-model.ts";
import { answer, type Delivery, delivery, fetchMessages } from "../pull.ts";
import { versionAtLeast } from "../stream-info.ts";
import { type ExpectedConsumer, expectedOf, type StreamKind } from "../stream-kind.ts";
import { createConsumer, createStream, publishNumbered } from "../stream-setup.ts";

const name = "FIFTY";
const count = 50;
const hourNs = 3_600_000_000_000;
/** Longer than any test, so that nothing is delivered again by itself. */
const ackWaitNs = 10 * hourNs;

interface Variant {
  readonly since?: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** Consumers that never deliver, one for each part of the configuration. */
const idle: readonly Variant[] = [
  { config: { durable_name: "all" } },
  { config: { durable_name: "last", deliver_policy: "last" } },
  { config: { durable_name: "new", deliver_policy: "new" } },
  { config: { durable_name: "last-per-subject", deliver_policy: "last_per_subject", filter_subject: "fifty.*" } },
  { config: { durable_name: "from-sequence", deliver_policy: "by_start_sequence", opt_start_seq: 42 } },
  {
    config: { durable_name: "from-time", deliver_policy: "by_start_time", opt_start_time: "2020-01-01T00:00:00.123Z" },
  },
  { config: { durable_name: "ack-none", ack_policy: "none" } },
  { config: { durable_name: "ack-all", ack_policy: "all" } },
  { config: { durable_name: "filtered", filter_subject: "fifty.1" } },
  { config: { durable_name: "wildcard", filter_subject: "fifty.>" } },
  { since: "2.10.0", config: { durable_name: "filters", filter_subjects: ["fifty.1", "fifty.3"] } },
  { config: { durable_name: "backoff", max_deliver: 4, backoff: [hourNs, 2 * hourNs, 3 * hourNs] } },
  { config: { durable_name: "headers-only", headers_only: true } },
  { config: { durable_name: "described", description: "für “alle” <Fälle> & mehr", sample_freq: "30%" } },
  { since: "2.10.0", config: { durable_name: "metadata", metadata: { owner: "✈", empty: "" } } },
  {
    config: {
      durable_name: "pull-limits",
      max_waiting: 7,
      max_ack_pending: 33,
      max_batch: 10,
      max_expires: hourNs,
      max_bytes: 65_536,
    },
  },
  { config: { durable_name: "memory", mem_storage: true } },
  { config: { durable_name: "durable-inactive", inactive_threshold: 100 * hourNs } },
  { config: { name: "ephemeral", inactive_threshold: 100 * hourNs } },
  { config: { name: "ephemeral-memory", inactive_threshold: 100 * hourNs, mem_storage: true } },
  { config: { durable_name: "push", deliver_subject: "deliver.push" } },
  { config: { durable_name: "push-group", deliver_subject: "deliver.group", deliver_group: "workers" } },
  {
    config: {
      durable_name: "push-flow",
      deliver_subject: "deliver.flow",
      flow_control: true,
      idle_heartbeat: 5_000_000_000,
      rate_limit_bps: 1_000_000,
      replay_policy: "original",
    },
  },
  { since: "2.11.0", config: { durable_name: "paused", pause_until: "2099-01-01T00:00:00.5Z" } },
  { since: "2.11.0", config: { durable_name: "overflow", priority_policy: "overflow", priority_groups: ["group"] } },
  {
    since: "2.11.0",
    config: {
      durable_name: "pinned",
      priority_policy: "pinned_client",
      priority_groups: ["group"],
      priority_timeout: 120_000_000_000,
    },
  },
  {
    since: "2.12.0",
    config: { durable_name: "prioritized", priority_policy: "prioritized", priority_groups: ["group"] },
  },
];

export const consumersKind: StreamKind = {
  name: "consumers",
  title: "fifty consumers of all kinds, with messages pending, delivered again, acknowledged out of order",
  minVersion: "2.9.0",
  async create(nc, version, options) {
    await createStream(nc, { name, subjects: ["fifty.>"] }, options);
    const model = new LiveModel();
    await publishNumbered(nc, model, 100, (i) => `fifty.${i % 5}`);
    const known = [
      await pending(nc),
      await outOfOrder(nc),
      await deliveredAgain(nc),
      await ackAll(nc),
      await finished(nc),
      await pushPending(nc),
    ];
    const usable = idle.filter((variant) => versionAtLeast(version, variant.since ?? "2.9.0"));
    const configs = usable.map((variant) => variant.config);
    for (let i = known.length + configs.length; i < count; i++) {
      configs.push({ durable_name: `plain-${i}`, filter_subject: `fifty.${i % 5}`, ack_wait: (i + 1) * 1_000_000_000 });
    }
    await Promise.all(configs.map((config) => createConsumer(nc, name, config)));
    return { streams: [expectedOf(name, model, known, count)] };
  },
};

/** Fetched, and not one acknowledged. */
async function pending(nc: NatsConnection): Promise<ExpectedConsumer> {
  await createConsumer(nc, name, { durable_name: "s-pending", ack_wait: ackWaitNs });
  await fetchMessages(nc, name, "s-pending", 12);
  return { ...standing("s-pending", 12, 12, 0, 0), ackPending: 12, redelivered: 0, pending: 88 };
}

/** Acknowledged 5, 3, 1, 9: only 1 is below the floor. */
async function outOfOrder(nc: NatsConnection): Promise<ExpectedConsumer> {
  await createConsumer(nc, name, { durable_name: "s-islands", ack_wait: ackWaitNs });
  const fetched = await fetchMessages(nc, name, "s-islands", 10);
  const order = [5, 3, 1, 9];
  await answer(
    nc,
    order.flatMap((sequence) => fetched.filter((one) => one.sequence === sequence)),
  );
  return { ...standing("s-islands", 10, 10, 1, 1), ackPending: 6, redelivered: 0, pending: 90 };
}

/** Through a filter, so that consumer and stream sequences differ; two refused, delivered again and pending. */
async function deliveredAgain(nc: NatsConnection): Promise<ExpectedConsumer> {
  await createConsumer(nc, name, { durable_name: "s-again", filter_subject: "fifty.2", ack_wait: ackWaitNs });
  const fetched = await fetchMessages(nc, name, "s-again", 6);
  await answer(nc, fetched.slice(0, 2));
  await answer(nc, fetched.slice(3, 5), "-NAK");
  const again = await fetchMessages(nc, name, "s-again", 2);
  if (again.some((one) => one.tries !== 2)) throw new Error("refused messages did not come again");
  // fifty.2 is at 3, 8, 13, 18, 23, 28, …: six of them were delivered, two of those twice. The floor is right below the
  // lowest pending one, 13, not at the last acknowledged, 8.
  return { ...standing("s-again", 8, 28, 2, 12), ackPending: 4, redelivered: 2, pending: 14 };
}

/** One acknowledgement for all up to it. */
async function ackAll(nc: NatsConnection): Promise<ExpectedConsumer> {
  await createConsumer(nc, name, { durable_name: "s-ack-all", ack_policy: "all", ack_wait: ackWaitNs });
  const fetched = await fetchMessages(nc, name, "s-ack-all", 30);
  await answer(nc, fetched.slice(19, 20));
  return { ...standing("s-ack-all", 30, 30, 20, 20), ackPending: 10, redelivered: 0, pending: 70 };
}

/** Everything delivered and acknowledged. */
async function finished(nc: NatsConnection): Promise<ExpectedConsumer> {
  await createConsumer(nc, name, { durable_name: "s-finished", filter_subject: "fifty.4", ack_wait: ackWaitNs });
  await answer(nc, await fetchMessages(nc, name, "s-finished", 20));
  return { ...standing("s-finished", 20, 100, 20, 100), ackPending: 0, redelivered: 0, pending: 0 };
}

/** A push consumer that stopped at its limit of pending messages, two of them acknowledged. */
async function pushPending(nc: NatsConnection): Promise<ExpectedConsumer> {
  const inbox = createInbox();
  const got: Delivery[] = [];
  const all = Promise.withResolvers<void>();
  const timer = setTimeout(() => all.reject(new Error("s-push delivers nothing")), 10_000);
  const subscription = nc.subscribe(inbox, {
    callback: (error, message) => {
      if (error) return all.reject(error);
      got.push(delivery(message));
      if (got.length === 10) all.resolve();
    },
  });
  await nc.flush();
  const config = { durable_name: "s-push", deliver_subject: inbox, max_ack_pending: 10, ack_wait: ackWaitNs };
  await createConsumer(nc, name, config);
  await all.promise.finally(() => clearTimeout(timer));
  subscription.unsubscribe();
  await nc.flush();
  await answer(nc, got.slice(1, 3));
  return { ...standing("s-push", 10, 10, 0, 0), ackPending: 8, redelivered: 0, pending: 90 };
}

function standing(
  consumer: string,
  consumerSeq: number,
  streamSeq: number,
  floorConsumer: number,
  floorStream: number,
): ExpectedConsumer {
  return {
    name: consumer,
    delivered: { consumer_seq: consumerSeq, stream_seq: streamSeq },
    ackFloor: { consumer_seq: floorConsumer, stream_seq: floorStream },
  };
}
