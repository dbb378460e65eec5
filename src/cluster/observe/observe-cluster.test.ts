import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import type { Session } from "../../jetstream/session.ts";
import { LocalCluster } from "../../local/local-cluster.ts";
import { fillStream } from "../../testing/fill.ts";
import { openTestSession } from "../../testing/open-test-session.ts";
import { createConsumer, createStream } from "../../testing/stream-setup.ts";
import { judgeStream } from "../judge-stream.ts";
import type { Sample, StreamPicture } from "../picture.ts";
import { isSeen, seenOr } from "../unseen.ts";
import { observeCluster } from "./observe-cluster.ts";

const settings = { pingMs: 1_500, streamMs: 1_000 };

function streamOf(sample: Sample, name: string): StreamPicture {
  const found = sample.accounts.flatMap(({ streams }) => streams).find((stream) => stream.name === name);
  assert.ok(found, `${name} is in the picture: ${JSON.stringify(sample.accounts)}`);
  return found;
}

const stateOf = (sample: Sample, name: string): string => judgeStream(streamOf(sample, name), sample).state;

for (const version of ["2.10", "2.15"]) {
  describe(`the picture of a cluster of ${version}`, { timeout: 120_000 }, () => {
    const resources = new AsyncDisposableStack();
    let cluster: LocalCluster;
    /** The node that the R1 stream lives on: the one that is killed. */
    let victim: string;
    let survivor: string;
    let session: Session;
    let system: NatsConnection;

    before(async () => {
      cluster = resources.use(await LocalCluster.start({ version }));
      await using setup = await openTestSession(cluster.url);
      const nc = setup.api.connection;
      await createStream(nc, { name: "ORDERS", subjects: ["orders.>"], num_replicas: 3 });
      await createStream(nc, { name: "ONE", subjects: ["one.>"], num_replicas: 1, allow_direct: true });
      await createConsumer(nc, "ORDERS", { durable_name: "billing" });
      await fillStream(nc, "ORDERS", { messages: 50, size: 300, kind: "json", subjects: ["orders.new"] });
      await fillStream(nc, "ONE", { messages: 20, size: 300, kind: "json", subjects: ["one.x"] });
      victim = (await setup.api.streamInfo("ONE")).cluster?.leader ?? "";
      survivor = cluster.servers.map(({ name }) => name).find((name) => name !== victim) ?? "";
      const { url } = cluster.node(survivor);
      session = resources.use(await openTestSession(url, "3s"));
      system = await connect({ servers: url, user: "sys", pass: "sys", ignoreClusterUpdates: true });
      resources.defer(() => system.close());
    });
    after(() => resources.disposeAsync());

    const look = (): Promise<Sample> => observeCluster({ account: session.api, system, ...settings });

    /** Elections and catching up take their time. */
    async function lookUntil(good: (sample: Sample) => boolean): Promise<Sample> {
      const until = Date.now() + 30_000;
      for (;;) {
        const sample = await look();
        if (good(sample)) return sample;
        assert.ok(Date.now() < until, JSON.stringify(sample, undefined, 1));
        await sleep(200);
      }
    }

    it("is whole where all is well", async () => {
      const sample = await lookUntil((one) => stateOf(one, "ORDERS") === "healthy");
      assert.deepEqual(sample.sight, { system: "answers", allServersAnswered: true, account: "APP", others: [] });
      assert.deepEqual(
        sample.servers.map(({ name, answers, version: own }) => [name, answers, own]),
        ["n1", "n2", "n3"].map((name) => [name, true, cluster.version]),
      );
      const [server] = sample.servers;
      assert.ok(server && isSeen(server.jetstream) && server.jetstream.enabled);
      assert.equal(server.jetstream.syncIntervalMs, 120_000);
      assert.ok(server.jetstream.freeStorage > 0);
      assert.deepEqual(server.health, { ok: true, errors: [] });

      assert.ok(isSeen(sample.meta) && isSeen(sample.meta.peers));
      assert.match(sample.meta.leader ?? "", /^n[123]$/);
      assert.deepEqual([sample.meta.size, sample.meta.quorumNeeded, sample.meta.peers.length], [3, 2, 3]);

      const orders = streamOf(sample, "ORDERS");
      assert.ok(isSeen(orders.peers) && isSeen(orders.replicas) && isSeen(orders.consumers) && isSeen(orders.state));
      assert.deepEqual(
        orders.peers.map(({ name }) => name),
        ["n1", "n2", "n3"],
      );
      assert.deepEqual([orders.state.messages, orders.state.lastSeq], [50, 50]);
      assert.deepEqual(
        orders.replicas.map(({ server: holder, state }) => [holder, state.lastSeq]),
        [
          ["n1", 50],
          ["n2", 50],
          ["n3", 50],
        ],
      );
      const [billing] = orders.consumers;
      assert.ok(billing);
      assert.deepEqual([billing.name, billing.durable, billing.replicas, billing.ackFloor], ["billing", true, 3, 0]);
      assert.match(seenOr(billing.leader, null) ?? "", /^n[123]$/);

      const one = streamOf(sample, "ONE");
      assert.equal(one.leader, victim);
      assert.equal(judgeStream(one, sample).reason, `one replica, on ${victim}`);
      assert.ok(isSeen(one.config) && one.config.allowDirect);
      assert.deepEqual(JSON.parse(JSON.stringify(sample)), sample, "it is plain JSON, and no key is undefined");
    });

    it("says what a user without the system account cannot see", async () => {
      const sample = await observeCluster({ account: session.api, ...settings });
      const why = { unseen: "no-system-credential" };
      assert.deepEqual(sample.sight, { system: why, allServersAnswered: why, account: "APP", others: [] });
      assert.deepEqual(sample.meta, why);
      assert.deepEqual(
        sample.servers.map(({ name, answers }) => [name, answers]),
        ["n1", "n2", "n3"].map((name) => [name, why]),
      );
      assert.deepEqual(streamOf(sample, "ORDERS").replicas, why);
      assert.deepEqual([stateOf(sample, "ORDERS"), stateOf(sample, "ONE")], ["healthy", "healthy"]);
    });

    it("takes two credentials of one account for one, and further ones where there is no first", async () => {
      const { api } = session;
      const both = await observeCluster({ account: api, others: [api], ...settings });
      assert.deepEqual([both.sight.account, both.sight.others], ["APP", ["APP"]]);
      assert.deepEqual(
        both.accounts.map(({ name, inventory }) => [name, inventory]),
        [["APP", "complete"]],
      );
      const further = await observeCluster({ others: [api], ...settings });
      assert.deepEqual([further.sight.account, further.sight.others], [{ unseen: "no-account-credential" }, ["APP"]]);
      assert.equal(stateOf(further, "ORDERS"), "healthy");
    });

    it("says so where the system credential is none, and where there is no other", async () => {
      const wrong = await observeCluster({ account: session.api, system: session.api.connection, ...settings });
      assert.ok("unseen" in (wrong.sight.system as object));
      assert.match(JSON.stringify(wrong.sight.system), /refused|no-answer|forbidden/);

      const alone = await observeCluster({ system, ...settings });
      assert.deepEqual(alone.sight.account, { unseen: "no-account-credential" });
      assert.deepEqual(alone.accounts[0]?.inventory, { unseen: "no-account-credential" });
      assert.deepEqual([stateOf(alone, "ORDERS"), stateOf(alone, "ONE")], ["healthy", "healthy"]);
    });

    it("shows a dead node at once: R3 is short of it, R1 on it is gone", async () => {
      await cluster.node(victim).kill();
      const sample = await lookUntil(
        // On a busy machine the meta leader may lead and not answer yet.
        (one) =>
          isSeen(one.meta) &&
          one.meta.leader !== null &&
          one.accounts.every(({ inventory }) => isSeen(inventory)) &&
          stateOf(one, "ORDERS") === "short",
      );
      assert.equal(sample.sight.allServersAnswered, false);
      const server = sample.servers.find(({ name }) => name === victim);
      assert.equal(server?.answers, false);
      const orders = judgeStream(streamOf(sample, "ORDERS"), sample);
      assert.deepEqual(orders.down, [victim]);
      assert.match(orders.reason, new RegExp(`${victim} is down`));
      const one = streamOf(sample, "ONE");
      assert.deepEqual(one.answer, { kind: "timeout" });
      assert.deepEqual(one.replicas, []);
      const verdict = judgeStream(one, sample);
      assert.equal(verdict.state, "gone");
      assert.match(verdict.reason, new RegExp(`it was on ${victim}, which does not answer`));

      const blind = await observeCluster({ account: session.api, ...settings });
      assert.equal(stateOf(blind, "ONE"), "unknown");
    });

    it("shows the loss of quorum, of a stream and of the meta group", async () => {
      const before = await look();
      const second = cluster.servers.find(({ name }) => name !== victim && name !== survivor);
      await second?.kill();
      const early = await observeCluster({ account: session.api, system, earlier: before, ...settings });
      // Its leader, if that is the survivor, does not know it yet.
      assert.equal(stateOf(early, "ORDERS"), "no-quorum");
      assert.equal(stateOf(early, "ONE"), "gone", "nobody lists the streams any more, and the look before had it");
      const sample = await lookUntil((one) => isSeen(one.meta) && one.meta.leader === null);
      assert.ok(isSeen(sample.meta));
      assert.ok(sample.meta.whyNoLeader);
      assert.equal(sample.meta.size, 3);
      assert.match(judgeStream(streamOf(sample, "ORDERS"), sample).reason, /^1 of 3 replicas is up, 2 are needed/);
    });
  });
}
