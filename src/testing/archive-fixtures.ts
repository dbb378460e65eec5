import type { NatsConnection } from "@nats-io/nats-core";
import { type Outgoing, publishAll } from "./publish.ts";
import { answer, fetchMessages } from "./pull.ts";
import { RandomBytes } from "./random-bytes.ts";
import { versionAtLeast } from "./stream-info.ts";
import { createConsumer, createStream, deleteMessage, purgeStream } from "./stream-setup.ts";

/** A small stream whose archive is kept among the fixtures of src/formats/testdata/. */
export interface FixtureStream {
  readonly name: string;
  /** What kind of store it is made on. */
  readonly variant: "plain" | "encrypted" | "compressed";
  applies(version: string): boolean;
  create(nc: NatsConnection, version: string): Promise<void>;
}

const hourNs = 3_600_000_000_000;

function fixture(
  name: string,
  create: (nc: NatsConnection, version: string) => Promise<void>,
  options: { readonly since?: string; readonly variant?: FixtureStream["variant"] } = {},
): FixtureStream {
  const since = options.since ?? "2.9.0";
  return { name, variant: options.variant ?? "plain", applies: (version) => versionAtLeast(version, since), create };
}

async function publish(nc: NatsConnection, subject: string, count: number, size = 40): Promise<void> {
  const messages = Array.from({ length: count }, (_, i): Outgoing => {
    const headers = i % 4 === 1 ? { headers: [["X-Number", `${i}`] as const] } : {};
    return { subject: `${subject}.${i % 5}`, payload: `message ${i} `.padEnd(size, "x"), ...headers };
  });
  await publishAll(nc, messages);
}

async function deletes(nc: NatsConnection, stream: string, erased: number[], marked: number[]): Promise<void> {
  for (const sequence of erased) await deleteMessage(nc, stream, sequence, true);
  for (const sequence of marked) await deleteMessage(nc, stream, sequence, false);
}

async function holes(nc: NatsConnection, name: string): Promise<void> {
  await publish(nc, name, 60);
  await publishAll(nc, [
    { subject: `${name}.empty` },
    { subject: `${name}.empty`, headers: [["Only", "headers"]] },
    { subject: `${name}.binary`, payload: new RandomBytes(name).next(300), headers: [["Ünïcode", "ja ✈"]] },
  ]);
  await deletes(nc, name, [1, 7, 8, 30, 45], [2, 12, 13, 14, 46]);
}

export const fixtureStreams: readonly FixtureStream[] = [
  fixture("MIXED", async (nc) => {
    await createStream(nc, { name: "MIXED", subjects: ["MIXED.>"], description: "≥ <all> & more" });
    await holes(nc, "MIXED");
  }),
  fixture("EMPTY", async (nc) => {
    await createStream(nc, { name: "EMPTY", subjects: ["EMPTY.>"] });
  }),
  fixture("PURGED", async (nc) => {
    await createStream(nc, { name: "PURGED", subjects: ["PURGED.>"] });
    await publish(nc, "PURGED", 25);
    await purgeStream(nc, "PURGED");
  }),
  fixture("PURGED_MORE", async (nc) => {
    await createStream(nc, { name: "PURGED_MORE", subjects: ["PURGED_MORE.>"] });
    await publish(nc, "PURGED_MORE", 25);
    await purgeStream(nc, "PURGED_MORE");
    await publish(nc, "PURGED_MORE", 6);
  }),
  fixture("COMPACTED", async (nc) => {
    await createStream(nc, { name: "COMPACTED", subjects: ["COMPACTED.>"] });
    await publish(nc, "COMPACTED", 40);
    await purgeStream(nc, "COMPACTED", { seq: 21 });
    await purgeStream(nc, "COMPACTED", { filter: "COMPACTED.3" });
  }),
  fixture("TAIL", async (nc) => {
    await createStream(nc, { name: "TAIL", subjects: ["TAIL.>"] });
    await publish(nc, "TAIL", 20);
    await deletes(nc, "TAIL", [20, 18], [19, 17]);
  }),
  fixture("HEAD", async (nc) => {
    await createStream(nc, { name: "HEAD", subjects: ["HEAD.>"] });
    await publish(nc, "HEAD", 20);
    await deletes(nc, "HEAD", [1, 3], [2, 4, 9]);
  }),
  fixture("KV_BUCKET", async (nc) => {
    await createStream(nc, {
      name: "KV_BUCKET",
      subjects: ["$KV.BUCKET.>"],
      max_msgs_per_subject: 1,
      allow_rollup_hdrs: true,
      deny_delete: true,
      discard: "new",
    });
    const messages = Array.from({ length: 80 }, (_, i) => ({
      subject: `$KV.BUCKET.key${i % 9}`,
      payload: `value ${i}`,
    }));
    await publishAll(nc, [
      ...messages,
      { subject: "$KV.BUCKET.key3", headers: [["KV-Operation", "DEL"]] },
      {
        subject: "$KV.BUCKET.key4",
        headers: [
          ["KV-Operation", "PURGE"],
          ["Nats-Rollup", "sub"],
        ],
      },
    ]);
  }),
  fixture("LIMITED", async (nc) => {
    await createStream(nc, { name: "LIMITED", subjects: ["LIMITED.>"], max_msgs: 30 });
    await publish(nc, "LIMITED", 100);
  }),
  fixture("BLOCKS", async (nc) => {
    // Below 128,000 bytes at most, blocks have 32,000: the oldest ones are gone, and four or five are left.
    await createStream(nc, { name: "BLOCKS", subjects: ["BLOCKS.>"], max_bytes: 120_000 });
    await publish(nc, "BLOCKS", 150, 1_000);
    await deletes(nc, "BLOCKS", [100, 101, 149], [90, 110, 120, 121, 122, 150]);
  }),
  fixture("WORK", async (nc) => {
    await createStream(nc, { name: "WORK", subjects: ["WORK.>"], retention: "workqueue" });
    await createConsumer(nc, "WORK", { durable_name: "worker", ack_wait: hourNs });
    await publish(nc, "WORK", 40);
    const fetched = await fetchMessages(nc, "WORK", "worker", 20);
    await answer(
      nc,
      fetched.filter((one) => one.sequence % 3 !== 0),
    );
    await settled();
  }),
  fixture("CONSUMED", async (nc) => {
    await createStream(nc, { name: "CONSUMED", subjects: ["CONSUMED.>"] });
    await publish(nc, "CONSUMED", 50);
    await createConsumer(nc, "CONSUMED", { durable_name: "islands", ack_wait: hourNs });
    const fetched = await fetchMessages(nc, "CONSUMED", "islands", 10);
    await answer(
      nc,
      fetched.filter((one) => [1, 2, 5, 9].includes(one.sequence)),
    );
    await createConsumer(nc, "CONSUMED", { durable_name: "again", filter_subject: "CONSUMED.2", ack_wait: hourNs });
    const first = await fetchMessages(nc, "CONSUMED", "again", 6);
    await answer(nc, first.slice(0, 2));
    await answer(nc, first.slice(3, 5), "-NAK");
    await fetchMessages(nc, "CONSUMED", "again", 2);
    await createConsumer(nc, "CONSUMED", { durable_name: "fresh", deliver_policy: "new", ack_policy: "none" });
    await createConsumer(nc, "CONSUMED", { durable_name: "in-memory", mem_storage: true });
    await createConsumer(nc, "CONSUMED", { durable_name: `long-${"n".repeat(110)}` });
    await settled();
  }),
  fixture(
    "FIRST",
    async (nc) => {
      await createStream(nc, { name: "FIRST", subjects: ["FIRST.>"], first_seq: 1_000 });
      await publish(nc, "FIRST", 20);
    },
    { since: "2.10.0" },
  ),
  fixture(
    "FIRST_EMPTY",
    async (nc) => {
      await createStream(nc, { name: "FIRST_EMPTY", subjects: ["FIRST_EMPTY.>"], first_seq: 1_000 });
    },
    { since: "2.10.0" },
  ),
  fixture(
    "TTL",
    async (nc) => {
      await createStream(nc, { name: "TTL", subjects: ["TTL.>"], allow_msg_ttl: true });
      const lives = ["1h", "never", undefined, "86400", "1h30m"];
      const messages = lives.map((life, i): Outgoing => {
        return { subject: `TTL.${i}`, payload: `${i}`, ...(life ? { headers: [["Nats-TTL", life]] } : {}) };
      });
      await publishAll(nc, [...messages, ...messages]);
      await deletes(nc, "TTL", [1], [4]);
    },
    { since: "2.11.0" },
  ),
  fixture(
    "ENCRYPTED",
    async (nc) => {
      await createStream(nc, { name: "ENCRYPTED", subjects: ["ENCRYPTED.>"] });
      await createConsumer(nc, "ENCRYPTED", { durable_name: "reader" });
      await holes(nc, "ENCRYPTED");
    },
    { variant: "encrypted" },
  ),
  fixture(
    "COMPRESSED",
    async (nc) => {
      await createStream(nc, { name: "COMPRESSED", subjects: ["COMPRESSED.>"], compression: "s2", max_bytes: 128_000 });
      await publish(nc, "COMPRESSED", 300, 400);
      await deletes(nc, "COMPRESSED", [200, 210], [205]);
    },
    { since: "2.10.0", variant: "compressed" },
  ),
  fixture(
    "MEMORY",
    async (nc) => {
      await createStream(nc, { name: "MEMORY", subjects: ["MEMORY.>"], storage: "memory" });
      await holes(nc, "MEMORY");
    },
    { since: "2.15.0" },
  ),
];

/** Consumers write their state down a moment after they answered. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 400));
}
