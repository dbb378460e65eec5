import assert from "node:assert/strict";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { takePicture } from "../../cluster/observe/take-picture.ts";
import { sequencesIn, type VerifiedStream } from "../../cluster/verify/verified-stream.ts";
import { isRelightError } from "../../errors.ts";
import type { Session } from "../../jetstream/session.ts";
import { LocalCluster } from "../../local/local-cluster.ts";
import type { LocalServer } from "../../local/local-server.ts";
import { flipByte } from "../../testing/cluster-harness/flip-byte.ts";
import { clusterVersions } from "../../testing/cluster-versions.ts";
import { fillStream } from "../../testing/fill.ts";
import { openTestSession } from "../../testing/open-test-session.ts";
import { fetchMessages } from "../../testing/pull.ts";
import { createConsumer, createStream } from "../../testing/stream-setup.ts";
import { awaitReplicas } from "../message-restore/await-replicas.ts";
import { type VerifiedCluster, type VerifyClusterOptions, verifyCluster } from "./verify-cluster.ts";

/** More than one block of 8 MB: a server may notice at its start what is wrong with the last one. */
const messages = 10_000;
const size = 1_000;
const kept = (retention: "workqueue" | "interest") => ({ retention, num_replicas: 3, allow_direct: true });
const rounds = process.env.RELIGHT_LONG ? 10 : 1;

for (const version of clusterVersions("2.10", "2.15")) {
  describe(`verifyCluster, nats-server ${version}`, { timeout: 200_000 }, () => {
    const resources = new AsyncDisposableStack();
    let cluster: LocalCluster;
    let session: Session;
    let system: NatsConnection;
    let nc: NatsConnection;
    let damaged: LocalServer | undefined;

    before(async () => {
      cluster = resources.use(await LocalCluster.start({ version }));
      session = resources.use(await openTestSession(cluster.url));
      nc = session.api.connection;
      system = await connect({ servers: [...cluster.urls], user: "sys", pass: "sys" });
      resources.defer(() => system.close());
      await createStream(nc, { name: "ORDERS", subjects: ["orders.>"], num_replicas: 3 });
      await createStream(nc, { name: "ONE", subjects: ["one.>"] });
      await createStream(nc, { ...kept("workqueue"), name: "QUEUE", subjects: ["queue.>"] });
      await createStream(nc, { ...kept("workqueue"), name: "SHUT", subjects: ["shut.>"], allow_direct: false });
      await fillStream(nc, "ORDERS", { messages, size, kind: "json", subjects: ["orders.a", "orders.b"] });
      await fillStream(nc, "ONE", { messages: 50, size: 300, kind: "json", subjects: ["one.a"] });
      await createStream(nc, { ...kept("interest"), name: "EVENTS", subjects: ["events.>"] });
      await createConsumer(nc, "EVENTS", { durable_name: "work" });
      await fillStream(nc, "EVENTS", { messages: 50, size: 300, kind: "json", subjects: ["events.a"] });
      await fillStream(nc, "QUEUE", { messages, size, kind: "json", subjects: ["queue.a", "queue.b"] });
      await fillStream(nc, "SHUT", { messages: 50, size: 300, kind: "json", subjects: ["shut.a"] });
      await createConsumer(nc, "QUEUE", { durable_name: "work" });
      await nc.request("queue.a", "x".repeat(900_000));
      await createConsumer(nc, "ORDERS", { durable_name: "billing" });
      // What is deleted in the middle is missing on all of them alike.
      await session.api.request("STREAM.MSG.DELETE.ORDERS", { seq: 10 });
      await session.api.request("STREAM.MSG.DELETE.ORDERS", { seq: messages });
    });
    after(() => resources.disposeAsync());

    async function verify(options: Partial<VerifyClusterOptions> = {}): Promise<VerifiedCluster> {
      const picture = await takePicture({ account: session.api, system, gapMs: 1_500 });
      return verifyCluster({ picture, streams: [], deep: true, account: session.api, ...options });
    }
    function streamOf({ streams }: VerifiedCluster, name: string): VerifiedStream {
      const found = streams.find(({ stream }) => stream === name);
      assert.ok(found, `${name} was not verified`);
      return found;
    }
    async function onlyItsOwnConsumers(): Promise<void> {
      const { consumers } = await session.api.consumers("ORDERS");
      assert.deepEqual(
        consumers.map(({ name }) => name),
        ["billing"],
      );
    }

    it("proves a whole stream, replica by replica, and leaves no consumer behind", async () => {
      const result = await verify({ streams: ["ORDERS", "APP/ONE"] });
      assert.equal(result.verdict, "proven", JSON.stringify(result, undefined, 1));
      const orders = streamOf(result, "ORDERS");
      assert.equal(orders.content?.messages, messages - 2);
      assert.deepEqual(
        orders.replicas.map(({ server, read }) => [server, read]),
        ["n1", "n2", "n3"].map((name) => [name, messages - 2]),
      );
      assert.deepEqual(
        streamOf(result, "ONE").replicas.map(({ read }) => read),
        [50],
      );
      await onlyItsOwnConsumers();
    });

    it("reads a stream of one copy only where it is named: a server that reads a damaged block cuts it short", async () => {
      const one = streamOf(await verify(), "ONE");
      assert.equal(one.verdict, "unproven");
      assert.match(one.reason, /relight stream backup ONE /);
      assert.equal(one.content, null);
    });

    const direct = Number(version.split(".")[1]) >= 11;

    it("CV-06: reads a work queue and an interest stream by direct gets, from 2.11 on, and takes nothing from them", async () => {
      const before = await Promise.all(["QUEUE", "EVENTS"].map((name) => session.api.streamInfo(name)));
      const result = await verify({ streams: ["QUEUE", "EVENTS", "SHUT"] });
      assert.equal(result.verdict, "unproven");
      const [queue, events, shut] = ["QUEUE", "EVENTS", "SHUT"].map((name) => streamOf(result, name));
      if (direct) {
        for (const [stream, count] of [[queue, messages + 1] as const, [events, 50] as const]) {
          assert.equal(stream?.verdict, "proven", JSON.stringify(stream));
          assert.deepEqual(
            stream?.replicas.map(({ server, read }) => [server, read]),
            ["n1", "n2", "n3"].map((name) => [name, count]),
          );
        }
        assert.match(shut?.reason ?? "", /does not allow direct gets/);
      } else {
        assert.match(queue?.reason ?? "", /work queue takes no further consumer, and servers before 2.11 do not tell/);
        assert.match(events?.reason ?? "", /would count as interest/);
        assert.deepEqual(
          [queue, events, shut].map((stream) => stream?.content),
          [null, null, null],
        );
      }
      const after = await Promise.all(["QUEUE", "EVENTS"].map((name) => session.api.streamInfo(name)));
      assert.deepEqual(
        after.map(({ state }) => state),
        before.map(({ state }) => state),
      );
    });

    it("CV-04: proves a work queue that is worked off while it is read", { skip: !direct }, async () => {
      await createStream(nc, { ...kept("workqueue"), name: "WORKED", subjects: ["worked.>"] });
      await createConsumer(nc, "WORKED", { durable_name: "work" });
      await fillStream(nc, "WORKED", { messages: 3_000, size: 500, kind: "json", subjects: ["worked.a"] });
      let stop = false;
      const working = (async () => {
        while (!stop) {
          await nc.request("worked.a", "x".repeat(200));
          const [message] = await fetchMessages(nc, "WORKED", "work", 1);
          if (message) nc.publish(message.reply, "+ACK");
        }
      })();
      try {
        for (let round = 0; round < rounds; round++) {
          const result = streamOf(await verify({ streams: ["WORKED"] }), "WORKED");
          const bad = result.replicas.filter(({ verdict }) => verdict === "damaged");
          assert.deepEqual(bad, [], JSON.stringify(result));
        }
      } finally {
        stop = true;
        await working;
        await session.api.deleteStream("WORKED");
      }
    });

    it("proves a stream that is written to, shortened and thinned out while it is read", async () => {
      await createStream(nc, {
        name: "BUSY",
        subjects: ["busy.>"],
        num_replicas: 3,
        max_msgs: 2_000,
        max_msgs_per_subject: 300,
      });
      const subjects = Array.from({ length: 9 }, (_, index) => `busy.${index}`);
      await fillStream(nc, "BUSY", { messages: 2_500, size: 300, kind: "json", subjects });
      let stop = false;
      const writing = (async () => {
        for (let index = 0; !stop; index++) {
          nc.publish(`busy.${index % 9}`, "x".repeat(200));
          if (index % 50 === 0) await nc.flush();
        }
      })();
      try {
        for (let round = 0; round < rounds; round++) {
          const result = streamOf(await verify({ streams: ["BUSY"] }), "BUSY");
          const bad = result.replicas.filter(({ verdict }) => verdict === "damaged");
          assert.deepEqual(bad, [], JSON.stringify(result));
        }
      } finally {
        stop = true;
        await writing;
        await session.api.deleteStream("BUSY");
      }
    });

    it("reads a sample only, where that is asked for", async () => {
      const orders = streamOf(await verify({ streams: ["ORDERS"], sample: 600 }), "ORDERS");
      assert.equal(orders.verdict, "proven");
      assert.equal(orders.content?.sampled, true);
      assert.ok((orders.content?.messages ?? 0) <= 600 && (orders.content?.messages ?? 0) > 300);
    });

    it("keeps to a rate", async () => {
      const started = Date.now();
      await verify({ streams: ["ORDERS"], bytesPerSecond: 15_000_000 });
      // Three replicas of 10 MB, less what the last batches take for themselves.
      assert.ok(Date.now() - started > 1_500 + 1_200, `took ${Date.now() - started} ms`);
    });

    it("leaves no consumer behind where it is cancelled", async () => {
      const controller = new AbortController();
      const cancelled = verify({
        streams: ["ORDERS"],
        bytesPerSecond: 3_000_000,
        signal: controller.signal,
        onEvent: () => controller.abort(),
      });
      await assert.rejects(cancelled, (error) => isRelightError(error, "CANCELLED"));
      await onlyItsOwnConsumers();
    });

    it("needs no system account to compare what the replicas hand out", async () => {
      const picture = await takePicture({ account: session.api, gapMs: 0 });
      const result = await verifyCluster({ picture, streams: ["ORDERS"], deep: true, account: session.api });
      assert.equal(result.verdict, "proven", JSON.stringify(result));
    });

    it("F41: names the replica and the sequences that cannot be read, where every counter says that all is well", async () => {
      const { cluster: group } = await session.api.streamInfo("ORDERS");
      const node = cluster.servers.find(({ name }) => name !== group?.leader);
      assert.ok(node);
      await node.terminate("SIGTERM");
      await flipByte(node, "APP", "ORDERS");
      if (direct) await flipByte(node, "APP", "QUEUE");
      await node.launch();
      await cluster.ready();
      await awaitReplicas(session.api, "ORDERS");

      const shallow = await verify({ streams: ["ORDERS"], deep: false });
      assert.equal(shallow.verdict, "proven", JSON.stringify(shallow));
      const deep = await verify({ streams: ["ORDERS"] });
      assert.equal(deep.verdict, "damaged", JSON.stringify(deep));
      const { replicas, reason } = streamOf(deep, "ORDERS");
      for (const { server, verdict, read, unreadable, missing, unlike, counted } of replicas) {
        assert.equal(counted?.messages, messages - 2, `${server} counts all`);
        assert.deepEqual([missing, unlike], [[], []]);
        if (server !== node.name) assert.deepEqual([verdict, read, unreadable], ["proven", messages - 2, []]);
        else {
          assert.equal(verdict, "damaged");
          // In its first block, from the flipped byte on: that message alone, or more of what is behind it.
          const [first = 0, last = 0] = [unreadable.at(0)?.[0], unreadable.at(-1)?.[1]];
          assert.ok(first > messages / 4 && last < messages * 0.95, JSON.stringify(unreadable));
          assert.equal(read, messages - 2 - sequencesIn(unreadable));
        }
      }
      assert.match(reason, new RegExp(`^${node.name}: [\\d,]+ messages? cannot be read; whole on n\\d, n\\d$`));
      await onlyItsOwnConsumers();
      damaged = node;
    });

    it("F32: so in a work queue, which is read by direct gets", { skip: !direct }, async () => {
      const { verdict, replicas } = streamOf(await verify({ streams: ["QUEUE"] }), "QUEUE");
      assert.equal(verdict, "damaged", JSON.stringify(replicas));
      for (const { server, verdict, read, unreadable, missing, unlike } of replicas) {
        assert.deepEqual(unlike, []);
        // Its consumer may have made the server look at the block, which then counts the rest of it no more.
        const lost = [...unreadable, ...missing];
        if (server !== damaged?.name) assert.deepEqual([verdict, read, lost], ["proven", messages + 1, []]);
        else {
          assert.equal(verdict, "damaged");
          const [first = 0, last = 0] = [lost.at(0)?.[0], lost.at(-1)?.[1]];
          assert.ok(first > messages / 10 && last < messages * 0.95, JSON.stringify(lost));
          assert.equal(read, messages + 1 - sequencesIn(lost));
        }
      }
    });

    it("whose cure makes the replica whole: all of it is copied anew", async () => {
      assert.ok(damaged);
      const picture = await takePicture({ account: session.api, system, gapMs: 0 });
      const stream = picture.later.accounts.flatMap(({ streams }) => streams).find(({ name }) => name === "ORDERS");
      const store = join(damaged.storeDirectory, "jetstream");
      assert.ok(typeof stream?.raftGroup === "string");
      await damaged.terminate("SIGTERM");
      await rename(join(store, "APP", "streams", "ORDERS", "msgs"), join(store, "..", "msgs-away"));
      await rename(join(store, "SYS", "_js_", stream.raftGroup), join(store, "..", "group-away"));
      await damaged.launch();
      await cluster.ready();
      for (const until = Date.now() + 60_000; ; ) {
        await awaitReplicas(session.api, "ORDERS");
        const result = await verify({ streams: ["ORDERS"] });
        if (result.verdict === "proven") break;
        assert.ok(Date.now() < until, JSON.stringify(result));
      }
    });
  });
}
