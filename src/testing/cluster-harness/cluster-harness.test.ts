import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { LocalCluster } from "../../local/local-cluster.ts";
import type { LocalServer } from "../../local/local-server.ts";
import { fillStream } from "../fill.ts";
import { JsApiError, jsRequest } from "../js-request.ts";
import { SmallDisk } from "../small-disk.ts";
import { createStream } from "../stream-setup.ts";
import { flipByte } from "./flip-byte.ts";
import { RouteProxies } from "./route-proxies.ts";

const app = (server: LocalServer): Promise<NatsConnection> =>
  connect({ servers: server.url, ignoreClusterUpdates: true, maxReconnectAttempts: -1, reconnectTimeWait: 100 });

interface Placed {
  readonly cluster: { readonly leader?: string; readonly replicas?: readonly { name: string; current: boolean }[] };
  readonly state: { readonly messages: number };
}

/** Asks until the answer is right; at most a minute. */
async function until<T>(ask: () => Promise<T>, right: (answer: T) => boolean): Promise<T> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const answer = await ask().catch((error: Error) => error);
    if (!(answer instanceof Error) && right(answer)) return answer;
    if (Date.now() > deadline)
      throw new Error(`not so in a minute: ${answer instanceof Error ? answer.message : JSON.stringify(answer)}`);
    await sleep(100);
  }
}

const metaLeader = async (server: LocalServer): Promise<string> => {
  const answer = await fetch(`${server.monitorUrl}/jsz`, { signal: AbortSignal.timeout(2_000) });
  return ((await answer.json()) as { meta_cluster?: { leader?: string } }).meta_cluster?.leader ?? "";
};

for (const version of ["2.10", "2.15"]) {
  describe(`a cluster of ${version} behind proxies`, { timeout: 180_000 }, () => {
    it("parts a node from the others, which go on without it, and has it back when it heals", async () => {
      await using proxies = new RouteProxies();
      await using cluster = await LocalCluster.start({ version, wiring: proxies });
      const first = await metaLeader(cluster.node("n1"));
      const rest = cluster.servers.map(({ name }) => name).filter((name) => name !== first);
      const nc = await app(cluster.node(rest[0] ?? ""));
      try {
        await createStream(nc, { name: "KEPT", subjects: ["kept"], num_replicas: 3 });
        proxies.part(first);
        for (const name of rest) assert.equal(proxies.open(first, name), 0);
        const leader = await until(
          () => metaLeader(cluster.node(rest[0] ?? "")),
          (name) => rest.includes(name),
        );
        assert.notEqual(leader, first);
        await until(
          () => nc.request("kept", "while parted", { timeout: 2_000 }),
          (answer) => "seq" in answer.json<object>(),
        );
        for (const name of rest) assert.equal(proxies.open(first, name), 0, "nothing may go past the proxies");
        const alone = await app(cluster.node(first));
        // Who is cut off may still answer, but cannot promise to keep anything.
        await assert.rejects(
          alone
            .request("kept", "to the minority", { timeout: 1_500 })
            .then((answer) => assert.ok("seq" in answer.json<object>())),
        );
        await alone.close();
        proxies.heal();
        await cluster.ready();
        const info = await until(
          () => jsRequest<Placed>(nc, "STREAM.INFO.KEPT"),
          ({ cluster: { leader, replicas } }) =>
            leader !== undefined && replicas?.length === 2 && replicas.every(({ current }) => current),
        );
        assert.ok(info.state.messages >= 1);
      } finally {
        await nc.close();
      }
    });
  });
}

describe("a local cluster that grows and shrinks", { timeout: 180_000 }, () => {
  it("gets a new node, which becomes a member, and goes on without one that ducks out", async () => {
    await using cluster = await LocalCluster.start({
      version: "2.15",
      node: (name) => ({ tags: [`az:${name}`] }),
      config: 'lame_duck_duration: "30s"',
    });
    const added = await cluster.add();
    assert.equal(added.name, "n4");
    await cluster.ready();
    const nc = await app(added);
    try {
      const there = await createStream(nc, { name: "THERE", subjects: ["there"], placement: { tags: ["az:n4"] } });
      assert.equal((there as unknown as Placed).cluster.leader, "n4");
      const leader = await metaLeader(added);
      const duck = cluster.servers.find(({ name }) => name !== leader && name !== "n4") as LocalServer;
      duck.lameDuck();
      await duck.ended();
      await cluster.ready(undefined, [duck.name]);
      await assert.rejects(cluster.add(duck.name), RangeError);
    } finally {
      await nc.close();
    }
  });

  it("has a node whose disk is full: JetStream is off there, and the stream goes on", async (t) => {
    using disk = SmallDisk.mount(12);
    if (!disk) return t.skip("no disk can be mounted here");
    const storeDirectory = join(disk.path, "store");
    await using cluster = await LocalCluster.start({
      version: "2.15",
      node: (name) => (name === "n2" ? { storeDirectory } : {}),
      jetstream: "max_file_store: 1GB",
    });
    const nc = await app(cluster.node("n1"));
    try {
      await createStream(nc, { name: "BIG", subjects: ["big.>"], num_replicas: 3 });
      // What a leader has under way when its disk is full is never acknowledged.
      await until(
        async () => {
          const { leader } = (await jsRequest<Placed>(nc, "STREAM.INFO.BIG")).cluster;
          if (leader === "n2") await jsRequest(nc, "STREAM.LEADER.STEPDOWN.BIG", { placement: { preferred: "n1" } });
          return leader !== undefined && leader !== "n2";
        },
        (elsewhere) => elsewhere,
      );
      const subjects = ["big.a"];
      for (let round = 0; round < 3; round++)
        await fillStream(nc, "BIG", { messages: 400, size: 16 * 1024, kind: "random", subjects });
      await until(
        async () => (await fetch(`${cluster.node("n2").monitorUrl}/healthz`)).status,
        (status) => status !== 200,
      );
      assert.equal((await jsRequest<Placed>(nc, "STREAM.INFO.BIG")).state.messages, 1_200);
    } finally {
      await nc.close();
    }
  });

  it("has a replica with one byte that is not what was written", async () => {
    await using cluster = await LocalCluster.start({ version: "2.15" });
    const nc = await app(cluster.node("n1"));
    try {
      await createStream(nc, { name: "BITS", subjects: ["bits"], num_replicas: 3 });
      // More than one block of 8 MB: the last one is held against its checksum when the server starts.
      await fillStream(nc, "BITS", { messages: 600, size: 16_000, kind: "json", subjects: ["bits"] });
      const node = cluster.node("n3");
      await node.terminate("SIGTERM");
      await flipByte(node, "APP", "BITS");
      await node.launch();
      await cluster.ready();
      // All counters are the same everywhere; only who reads the messages of this replica notices.
      const info = (): Promise<Placed> => jsRequest<Placed>(nc, "STREAM.INFO.BITS");
      assert.equal((await info()).state.messages, 600);
      await until(
        async () => {
          const leads = (await info()).cluster.leader === "n3";
          if (!leads) await jsRequest(nc, "STREAM.LEADER.STEPDOWN.BITS", { placement: { preferred: "n3" } });
          return leads;
        },
        (leads) => leads,
      );
      let unreadable = 0;
      for (let seq = 1; seq <= 600; seq++) {
        await jsRequest(nc, "STREAM.MSG.GET.BITS", { seq }).catch((error: unknown) => {
          assert.ok(error instanceof JsApiError, String(error));
          unreadable++;
        });
      }
      assert.ok(unreadable > 0, "every message could be read");
    } finally {
      await nc.close();
    }
  });
});
