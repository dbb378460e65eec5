import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { isRelightError } from "../errors.ts";
import { awaitInterest } from "../testing/await-interest.ts";
import { type LocalCluster, startCluster } from "./local-cluster.ts";

interface StreamFacts {
  readonly error?: unknown;
  readonly state: { readonly messages: number };
  readonly cluster: { readonly leader?: string; readonly replicas?: readonly { name: string; current: boolean }[] };
}

async function api<Answer>(connection: NatsConnection, verb: string, body: unknown = {}): Promise<Answer> {
  const answer = await connection.request(`$JS.API.${verb}`, JSON.stringify(body), { timeout: 5_000 });
  return answer.json();
}

/** Creates a stream that every node has a replica of, and publishes to it. */
async function fill(cluster: LocalCluster, connection: NatsConnection): Promise<void> {
  const config = { name: "KEPT", subjects: ["kept"], num_replicas: cluster.servers.length };
  const created = await api<StreamFacts>(connection, "STREAM.CREATE.KEPT", config);
  assert.equal(created.error, undefined);
  await awaitInterest(connection, config.subjects);
  for (let index = 0; index < 20; index++) await connection.request("kept", `${index}`, { timeout: 5_000 });
}

/** Waits until a replica on every node has everything. */
async function allCurrent(connection: NatsConnection, replicas: number): Promise<StreamFacts> {
  const until = Date.now() + 30_000;
  for (;;) {
    const facts = await api<StreamFacts>(connection, "STREAM.INFO.KEPT").catch(() => undefined);
    const others = facts?.cluster?.replicas?.filter(({ current }) => current).length ?? 0;
    if (facts?.cluster?.leader && others === replicas - 1) return facts;
    assert.ok(Date.now() < until, `not current: ${JSON.stringify(facts)}`);
    await sleep(50);
  }
}

describe("startCluster", { timeout: 120_000 }, () => {
  for (const [version, size] of [
    ["2.9", 3],
    ["2.15", 5],
  ] as const) {
    it(`starts ${size} nodes of ${version} that take a stream with ${size} replicas at once`, async () => {
      await using cluster = await startCluster({ version, size });
      assert.deepEqual(
        cluster.servers.map(({ name }) => name),
        ["n1", "n2", "n3", "n4", "n5"].slice(0, size),
      );
      assert.match(cluster.version, new RegExp(`^${version}\\.`));
      const connection = await connect({ servers: cluster.urls.slice() });
      try {
        await fill(cluster, connection);
        assert.equal((await allCurrent(connection, size)).state.messages, 20);
      } finally {
        await connection.close();
      }
      const sys = await connect({ servers: cluster.node("n2").url, user: "sys", pass: "sys" });
      try {
        const pings = await sys.requestMany("$SYS.REQ.SERVER.PING", "", {
          strategy: "count",
          maxWait: 5_000,
          maxMessages: size,
        });
        const names = new Set<string>();
        for await (const ping of pings) names.add(ping.json<{ server: { name: string } }>().server.name);
        assert.equal(names.size, size);
      } finally {
        await sys.close();
      }
    });
  }

  it("loses a node and gets it back, killed or with an empty disk", async () => {
    await using cluster = await startCluster({ version: "2.15", size: 3 });
    const survivor = await connect({ servers: cluster.node("n1").url, ignoreClusterUpdates: true });
    try {
      await fill(cluster, survivor);
      // Not the leader, as an election would take its time.
      const { leader } = (await allCurrent(survivor, 3)).cluster;
      const node = cluster.node(leader === "n2" ? "n3" : "n2");
      const { url } = node;
      await node.kill();
      await assert.rejects(cluster.ready(300), (error: Error) => {
        assert.ok(isRelightError(error, "SERVER_START_FAILED"));
        assert.match(error.message, new RegExp(`${node.name} does not run`));
        return true;
      });
      await node.launch();
      await cluster.ready();
      assert.equal(node.url, url);

      await cluster.wipe(node.name);
      assert.deepEqual(await readdir(node.storeDirectory), []);
      await node.launch();
      await cluster.ready();
      assert.equal((await allCurrent(survivor, 3)).state.messages, 20);
    } finally {
      await survivor.close();
    }
  });

  it("leaves nothing behind when one of its nodes cannot start", async () => {
    await assert.rejects(startCluster({ version: "2.15", config: "no_such_field: 1" }), (error: Error) => {
      assert.ok(isRelightError(error, "SERVER_START_FAILED"));
      assert.match(error.message, /unknown field/);
      return true;
    });
  });
});
