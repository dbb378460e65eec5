import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { StatszAnswer } from "./server-answers.ts";
import { type ConnectedServer, serversHere } from "./servers-here.ts";

interface Sketch {
  readonly cluster?: string;
  readonly domain?: string;
  /** Default: a member of a meta group. "alone": of none; "off": it has none; "failed": switched off, its domain is still told. */
  readonly jetstream?: "member" | "alone" | "off" | "failed";
  readonly gateways?: readonly string[];
}

/** What a server answers to PING. */
function answer(name: string, { cluster = "hub", domain, jetstream = "member", gateways = [] }: Sketch): StatszAnswer {
  const running = {
    member: { config: { max_storage: 1 }, meta: { leader: "h1" } },
    alone: { config: { max_storage: 1 } },
    off: null,
    failed: null,
  }[jetstream];
  return {
    server: {
      name,
      id: `ID-${name}`,
      cluster,
      ...(domain ? { domain } : {}),
      ver: "2.12.0",
      jetstream: jetstream !== "off",
      time: "2026-01-01T00:00:00Z",
    },
    statsz: { jetstream: running, gateways: gateways.map((to) => ({ name: to })) },
  };
}

/** How a server calls itself at the start of a connection. */
function connectedTo({ server }: StatszAnswer): ConnectedServer {
  return { server_id: server.id, cluster: server.cluster, domain: server.domain, jetstream: server.jetstream };
}

async function here(
  answers: readonly StatszAnswer[],
  to: StatszAnswer,
  domain?: string,
): Promise<{ readonly here: readonly string[]; readonly alone: readonly string[] }> {
  const found = await serversHere(answers, connectedTo(to), async () => domain);
  return { here: found.here.map(({ server }) => server.name), alone: found.alone };
}

describe("the servers of the JetStream that is looked at", () => {
  const hub = ["h1", "h2", "h3"].map((name) => answer(name, { domain: "hub" }));
  const front = answer("front", { jetstream: "off" });
  const leaf = answer("leaf1", { cluster: "leaf1", domain: "leaf", jetstream: "alone" });
  const [h1 = assert.fail()] = hub;

  it("are those of its domain, and those of its clusters that run no JetStream", async () => {
    const all = { here: ["h1", "h2", "h3", "front"], alone: [] };
    assert.deepEqual(await here([...hub, front, leaf], h1), all);
    // One of its servers whose JetStream is off tells of no domain when a client connects.
    assert.deepEqual(await here([...hub, front, leaf], front), all);
  });

  it("are the same ones whether the connection is to a server of a cluster without JetStream beside theirs or not", async () => {
    const beside = answer("edge", { cluster: "edge", jetstream: "off", gateways: ["hub"] });
    const linked = hub.map(
      (one): StatszAnswer => ({ ...one, statsz: { ...one.statsz, gateways: [{ name: "edge" }] } }),
    );
    const [first = assert.fail()] = linked;
    const names = { here: ["h1", "h2", "h3", "edge"], alone: [] };
    assert.deepEqual(await here([...linked, beside], beside), names);
    assert.deepEqual(await here([...linked, beside], first), names);
  });

  it("are those that answer the account, from a leaf node without JetStream", async () => {
    const bare = answer("bare", { cluster: "bare", jetstream: "off" });
    assert.deepEqual(await here([...hub, bare], bare, "hub"), { here: ["h1", "h2", "h3", "bare"], alone: [] });
  });

  it("are not those of a leaf node where all of its own are silent", async () => {
    assert.deepEqual(await here([front, leaf], front), { here: ["front"], alone: [] });
  });

  it("are those of two clusters that gateways join", async () => {
    const east = answer("e1", { cluster: "east", gateways: ["west"] });
    const west = answer("w1", { cluster: "west", gateways: ["east"] });
    assert.deepEqual(await here([east, west], west), { here: ["e1", "w1"], alone: [] });
  });

  it("have one whose JetStream failed among them", async () => {
    const failed = answer("h4", { domain: "hub", jetstream: "failed" });
    assert.deepEqual(await here([...hub, failed], h1), { here: ["h1", "h2", "h3", "h4"], alone: [] });
  });

  it("are without a leaf node that runs JetStream by itself in no domain, which may answer in their place", async () => {
    const plain = ["h1", "h2", "h3"].map((name) => answer(name, {}));
    const [first = assert.fail()] = plain;
    const stray = answer("leaf1", { cluster: "leaf1", jetstream: "alone" });
    assert.deepEqual(await here([...plain, stray], first), { here: ["h1", "h2", "h3"], alone: ["leaf1"] });
    assert.deepEqual(await here([...plain, stray], stray), { here: ["leaf1"], alone: [] });
  });
});
