import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sketchPeer } from "../../testing/sketch-cluster.ts";
import {
  backup,
  before,
  remembered,
  replicated,
  type Situation,
  sketchRequest,
  unanswered,
} from "../../testing/sketch-situation.ts";
import type { ConsumerPicture, Sample } from "../picture.ts";
import type { ClusterPlan } from "./cluster-plan.ts";
import { planCluster } from "./plan-cluster.ts";

const plan = (situation: Situation): ClusterPlan => planCluster(sketchRequest(situation));
const three = ["n1", "n2", "n3"];
const whole = (name = "ORDERS", leader = "n1"): ReturnType<typeof replicated> =>
  replicated(name, ["+n1", "+n2", "+n3"], leader);
const leaderless = (name = "ORDERS", allowDirect = true): ReturnType<typeof replicated> =>
  replicated(name, ["+n1", "+n2", "+n3"], null, { allowDirect });

const withMeta = (sample: Sample, change: object): Sample => ({
  ...sample,
  meta: { ...sample.meta, ...change } as Sample["meta"],
});

const off = {
  enabled: false,
  maxStorage: 0,
  maxMemory: 0,
  usedStorage: 0,
  reservedStorage: 0,
  freeStorage: 0,
  haAssets: 0,
  streams: 0,
  consumers: 0,
  syncIntervalMs: 0,
  uniqueTag: null,
  pendingApi: 0,
};

const consumer = (peers: readonly string[]): ConsumerPicture => ({
  name: "work",
  durable: true,
  replicas: peers.length,
  storage: "file",
  ackPolicy: "explicit",
  leader: null,
  peers: peers.map((name) => sketchPeer(`+${name}`)),
  delivered: { unseen: "not-told" },
  ackFloor: { unseen: "not-told" },
  ackPending: { unseen: "not-told" },
});

/** n4 was removed, answers again, and is no member. */
const comeBack = (ms: number): Pick<Situation, "ledger" | "later" | "earlier"> => {
  const without = (sample: Sample): Sample => {
    const { meta } = sample;
    const peers = "peers" in meta && Array.isArray(meta.peers) ? meta.peers.filter(({ name }) => name !== "n4") : [];
    return withMeta(sample, { size: 3, peers });
  };
  return {
    later: without,
    earlier: without,
    ledger: (ledger) => ({
      ...ledger,
      servers: [{ name: "n4", peer: "C7B8kAbl", cluster: "C", tags: [], lastSeen: before(ms), removedAt: before(ms) }],
    }),
  };
};

interface Row {
  readonly story: string;
  readonly situation: Situation;
  readonly outlook: ClusterPlan["outlook"];
  /** Without the states where every step is what its kind says. */
  readonly steps: readonly string[];
}

const rows: readonly Row[] = [
  {
    story: "CP-03: nothing to do where everything is whole",
    situation: { servers: three, streams: [whole()], memory: [remembered("ORDERS", three)] },
    outlook: "whole",
    steps: [],
  },
  {
    story: "CP-04: one sample is not enough to act",
    situation: { servers: [...three, "!n4"], words: { gone: ["n4"] }, earlier: () => null },
    outlook: "wait",
    steps: ["wait:look-again waiting"],
  },
  {
    story: "CP-05: without the servers' own answers nothing is planned",
    situation: {
      servers: three,
      later: (sample) => ({ ...sample, sight: { ...sample.sight, system: { unseen: "no-system-credential" } } }),
    },
    outlook: "hold",
    steps: ["wait:sight blocked"],
  },
  {
    story: "CP-06, F40: two servers that claim to lead the meta group: no action, whatever else is wrong",
    situation: {
      servers: ["n1", "n2", "n3", "!n4", "n5"],
      offline: ["n4"],
      words: { gone: ["n4"] },
      streams: [replicated("ORDERS", ["+n1", "+n2", "xn4"], "n1")],
      meta: {
        claims: [
          { server: "n1", leader: "n1", size: 5 },
          { server: "n5", leader: "n5", size: 5 },
        ],
      },
    },
    outlook: "hold",
    steps: ["wait:partition blocked"],
  },
  {
    story: "CP-06: in the earlier sample only: the old leader may not know yet",
    situation: {
      servers: [...three, "!n4", "n5"],
      words: { gone: ["n4"] },
      earlier: (sample) =>
        withMeta(sample, {
          claims: [
            { server: "n1", leader: "n1", size: 5 },
            { server: "n5", leader: "n5", size: 5 },
          ],
        }),
    },
    outlook: "hold",
    steps: ["wait:partition blocked"],
  },
  {
    story: "CP-07: a server that does not answer, and that the leader hears: the network is cut somewhere",
    situation: {
      servers: [...three, "!n4", "!n5"],
      words: { gone: ["n4", "n5"] },
      silentMs: 3_000,
    },
    outlook: "hold",
    steps: ["wait:partition blocked"],
  },
  {
    story: "CP-06, F48: two servers that lead one stream, or two groups under one name: reported, never mended",
    situation: {
      servers: [...three, "!n4", "n5"],
      offline: ["n4"],
      words: { gone: ["n4"] },
      streams: [replicated("ORDERS", ["+n1", "+n2", "xn4"], "n1", { claimants: ["n1", "n2"] })],
    },
    outlook: "hold",
    steps: ["wait:partition blocked"],
  },
  {
    story: "CP-08: a meta leader that changed between the samples: look again",
    situation: {
      servers: [...three, "!n4", "n5"],
      words: { gone: ["n4"] },
      earlier: (sample) => withMeta(sample, { leader: "n2", claims: [] }),
    },
    outlook: "wait",
    steps: ["wait:look-again waiting"],
  },
  {
    story: "CP-10, F32: the meta group below its quorum, nobody said gone: wait, and start the others",
    situation: {
      servers: ["n1", "!n2", "!n3"],
      silentMs: 9_000_000,
      streams: [replicated("A", ["+n1", "-n2", "-n3"], null)],
    },
    outlook: "blocked",
    steps: ["wait:meta blocked"],
  },
  {
    story: "CP-11: the meta group below its quorum, 2.15: back up, salvage, lower the quorum",
    situation: {
      servers: ["n1", "!n2", "!n3"],
      words: { gone: ["n2", "n3"] },
      streams: [
        replicated("ONE", ["+n1"], "n1"),
        replicated("ORDERS", ["+n1", "-n2", "-n3"], null, { allowDirect: true }),
      ],
    },
    outlook: "act",
    steps: ["back-up-first:APP/ONE ready", "salvage:APP/ORDERS ready", "meta-rescue:meta later", "wait:meta later"],
  },
  {
    story: "CP-11: only when every missing member is said to be gone",
    situation: { servers: ["n1", "!n2", "!n3"], words: { gone: ["n2"] } },
    outlook: "blocked",
    steps: ["wait:meta blocked"],
  },
  {
    story: "CP-12: the meta group below its quorum, 2.10: new servers give it back",
    situation: { version: "2.10.27", servers: ["n1", "!n2", "!n3"], words: { gone: ["n2", "n3"] } },
    outlook: "blocked",
    steps: ["add-node:meta ready"],
  },
  {
    story: "CP-13, F38: the meta group below its quorum, 2.12 to 2.14: all old names, or a new cluster",
    situation: {
      version: "2.12.4",
      servers: ["n1", "!n2", "!n3"],
      words: { gone: ["n2", "n3"] },
      streams: [replicated("ONE", ["+n1"], "n1")],
    },
    outlook: "act",
    steps: ["back-up-first:APP/ONE ready", "ask:meta blocked"],
  },
  {
    story: "CP-14: under a rescue the dead are removed, though the group has no natural quorum",
    situation: {
      servers: ["n1", "!n2", "!n3"],
      words: { gone: ["n2", "n3"] },
      streams: [replicated("ORDERS", ["+n1", "-n2", "-n3"], null)],
      memory: [remembered("ORDERS", three)],
      meta: {
        leader: "n1",
        whyNoLeader: null,
        claims: [{ server: "n1", leader: "n1", size: 3 }],
        rescue: true,
        peers: ["n1", "n2", "n3"].map((name) => ({
          name,
          peer: name,
          standing: { current: name === "n1", offline: false, activeMs: name === "n1" ? 0 : 60_000, lag: 0 },
        })),
      },
    },
    outlook: "act",
    steps: [
      "add-node:in cluster C ready",
      "peer-remove:n2 ready",
      "wait:healed:n2 later",
      "peer-remove:n3 later",
      "wait:healed:n3 later",
    ],
  },
  {
    story: "CP-40: a stream without a leader, all peers there: two elections are waited for",
    situation: {
      servers: three,
      streams: [leaderless()],
      memory: [remembered("ORDERS", three, { leaderlessSince: before(12_000) })],
    },
    outlook: "wait",
    steps: ["wait:leader:APP/ORDERS waiting"],
  },
  {
    story: "CP-40: then its leader is made to step down",
    situation: {
      servers: three,
      streams: [leaderless()],
      memory: [remembered("ORDERS", three, { leaderlessSince: before(30_000) })],
    },
    outlook: "act",
    steps: ["step-down:APP/ORDERS ready"],
  },
  {
    story: "CP-40: then, up to 2.14, salvaged, scaled down and up",
    situation: {
      version: "2.10.27",
      servers: three,
      streams: [leaderless()],
      memory: [remembered("ORDERS", three, { leaderlessSince: before(90_000), stepDownAt: before(50_000) })],
    },
    outlook: "act",
    steps: ["salvage:APP/ORDERS ready", "scale-down:APP/ORDERS later", "scale-up:APP/ORDERS later"],
  },
  {
    story: "CP-40: not where it can neither be read nor is in a backup",
    situation: {
      version: "2.10.27",
      servers: three,
      streams: [leaderless("ORDERS", false)],
      memory: [remembered("ORDERS", three, { leaderlessSince: before(90_000), stepDownAt: before(50_000) })],
    },
    outlook: "blocked",
    steps: ["scale-down:APP/ORDERS blocked", "scale-up:APP/ORDERS later"],
  },
  {
    story: "CP-40: and on 2.15 a person looks",
    situation: {
      servers: three,
      streams: [leaderless()],
      memory: [remembered("ORDERS", three, { leaderlessSince: before(90_000), stepDownAt: before(50_000) })],
    },
    outlook: "blocked",
    steps: ["ask:leaderless:APP/ORDERS blocked"],
  },
  {
    story: "CP-41: a stream that was scaled down gets its replicas back",
    situation: {
      version: "2.10.27",
      servers: three,
      streams: [replicated("ORDERS", ["+n1"], "n1")],
      memory: [remembered("ORDERS", ["n1"], { scaledFrom: 3 })],
    },
    outlook: "act",
    steps: ["scale-up:APP/ORDERS ready"],
  },
  {
    story: "CP-41: where too few servers are there, one is added",
    situation: {
      version: "2.10.27",
      servers: ["n1", "n2"],
      streams: [replicated("ORDERS", ["+n1"], "n1")],
      memory: [remembered("ORDERS", ["n1"], { scaledFrom: 3 })],
    },
    outlook: "blocked",
    steps: ["add-node:in cluster C ready", "scale-up:APP/ORDERS later"],
  },
  {
    story: "CP-42: a stream that moves is waited for",
    situation: {
      servers: [...three, "n4"],
      streams: [replicated("ORDERS", ["+n1", "+n2", "+n3", "~n4"], "n1", { wanted: 3 })],
      memory: [remembered("ORDERS", three, { movingSince: before(60_000) })],
    },
    outlook: "wait",
    steps: ["wait:move:APP/ORDERS waiting"],
  },
  {
    story: "CP-42: and its move is called off where it does not end",
    situation: {
      servers: [...three, "n4"],
      streams: [replicated("ORDERS", ["+n1", "+n2", "+n3", "~n4"], "n1", { wanted: 3 })],
      memory: [remembered("ORDERS", three, { movingSince: before(700_000) })],
    },
    outlook: "act",
    steps: ["cancel-move:APP/ORDERS ready"],
  },
  {
    story: "CP-43: a replica that is behind is waited for",
    situation: { servers: three, streams: [replicated("ORDERS", ["+n1", "+n2", "~n3"], "n1")] },
    outlook: "wait",
    steps: ["wait:catch-up:APP/ORDERS waiting"],
  },
  {
    story: "CP-43, F41: one that never catches up is for a person",
    situation: {
      servers: three,
      streams: [replicated("ORDERS", ["+n1", "+n2", "~n3"], "n1")],
      memory: [remembered("ORDERS", three, { behindSince: before(700_000) })],
    },
    outlook: "blocked",
    steps: ["ask:behind:APP/ORDERS blocked"],
  },
  {
    story: "CP-44, F41: replicas that differ are for a person, and keep their dead peers in place",
    situation: {
      servers: [...three, "!n4", "n5"],
      offline: ["n4"],
      words: { gone: ["n4"] },
      streams: [
        replicated("ORDERS", ["+n1", "+n2", "xn4"], "n1", {
          replicas: [
            {
              server: "n1",
              state: { messages: 0, bytes: 0, firstSeq: 0, lastSeq: 0, deleted: 0 },
              lost: 0,
              leader: "n1",
            },
            {
              server: "n2",
              state: { messages: 500, bytes: 1, firstSeq: 1, lastSeq: 500, deleted: 0 },
              lost: 0,
              leader: "n1",
            },
          ],
        }),
      ],
    },
    outlook: "blocked",
    steps: ["ask:diverged:APP/ORDERS blocked", "peer-remove:n4 blocked", "wait:healed:n4 later"],
  },
  {
    story: "CP-45: a stream that is short of a replica gets it when a server is added",
    situation: { servers: ["n1", "n2"], streams: [replicated("ORDERS", ["+n1", "+n2"], "n1", { wanted: 3 })] },
    outlook: "blocked",
    steps: ["add-node:in cluster C ready"],
  },
  {
    story: "CP-46, F32: a server that answers and is not ready is never called dead, whatever is said of it",
    situation: {
      servers: three,
      words: { gone: ["n3"] },
      streams: [replicated("ORDERS", ["+n1", "+n2", "xn3"], "n1")],
      server: { n3: { health: { ok: false, errors: ["JetStream has not established contact with a meta leader"] } } },
    },
    outlook: "wait",
    steps: ["wait:starting:n3 waiting", "wait:catch-up:APP/ORDERS waiting", "ask:answers:n3 blocked"],
  },
  {
    story: "CP-47, F36: a server that answers cannot be removed",
    situation: { servers: three, words: { gone: ["n3"] }, streams: [whole()] },
    outlook: "blocked",
    steps: ["ask:answers:n3 blocked"],
  },
  {
    story: "CP-48: a server whose storage failed is for a person; it is no case for a removal",
    situation: {
      servers: three,
      streams: [whole()],
      server: { n3: { jetstream: { ...off } } },
    },
    outlook: "blocked",
    steps: ["ask:disabled:n3 blocked"],
  },
  {
    story: "CP-60: a wiped node came back under its name: its R1 is restored in place of the empty one",
    situation: {
      servers: three,
      streams: [replicated("ONE", ["+n3"], "n3", { lastSeq: 0 })],
      memory: [remembered("ONE", ["n3"])],
      backups: [backup("ONE")],
    },
    outlook: "act",
    steps: ["delete-stub:APP/ONE ready", "restore:APP/ONE later"],
  },
  {
    story: "CP-60: without a backup it is reported",
    situation: {
      servers: three,
      streams: [replicated("ONE", ["+n3"], "n3", { lastSeq: 0 })],
      memory: [remembered("ONE", ["n3"])],
    },
    outlook: "blocked",
    steps: ["ask:lost:APP/ONE blocked"],
  },
  {
    story: "CP-61: one that was written to since is not replaced without a word",
    situation: {
      servers: three,
      streams: [replicated("ONE", ["+n3"], "n3", { lastSeq: 20 })],
      memory: [remembered("ONE", ["n3"])],
      backups: [backup("ONE")],
    },
    outlook: "blocked",
    steps: ["delete-stub:APP/ONE blocked", "restore:APP/ONE blocked"],
  },
  {
    story: "CP-62: a stream that is gone may have been deleted on purpose",
    situation: { servers: three, memory: [remembered("ONE", ["n3"])], backups: [backup("ONE")] },
    outlook: "blocked",
    steps: ["restore:APP/ONE blocked"],
  },
  {
    story: "CP-62: and is restored where it is named",
    situation: {
      servers: three,
      memory: [remembered("ONE", ["n3"])],
      backups: [backup("ONE")],
      words: { restore: ["APP/ONE"] },
    },
    outlook: "act",
    steps: ["restore:APP/ONE ready"],
  },
  {
    story: "CP-63, F39, F42, F43, F44: half of all streams gone at once: stop, before more is deleted",
    situation: {
      servers: three,
      streams: [whole("C")],
      memory: [remembered("A", ["n3"]), remembered("B", ["n2"]), remembered("C", three)],
      backups: [backup("A"), backup("B")],
      words: { restore: ["APP/A", "APP/B"] },
    },
    outlook: "blocked",
    steps: ["ask:census blocked", "restore:APP/A later", "restore:APP/B later"],
  },
  {
    story: "CP-63, F49: all streams with new creation times: the store is on the wrong volume",
    situation: {
      servers: three,
      streams: [
        replicated("A", ["+n3"], "n3", { lastSeq: 0, created: "2026-01-01T11:00:00Z" }),
        replicated("B", ["+n2"], "n2", { lastSeq: 0, created: "2026-01-01T11:00:00Z" }),
      ],
      memory: [remembered("A", ["n3"]), remembered("B", ["n2"])],
    },
    outlook: "blocked",
    steps: ["ask:census blocked", "ask:lost:APP/A blocked", "ask:lost:APP/B blocked"],
  },
  {
    story: "CP-64: what is lost is not restored while a server may come back with it",
    situation: {
      servers: [...three, "!n4"],
      streams: [whole()],
      memory: [remembered("ONE", ["n4"])],
      backups: [backup("ONE")],
      words: { restore: ["APP/ONE"] },
      ledger: (ledger) => ({
        ...ledger,
        servers: [{ name: "n4", peer: "C7B8kAbl", cluster: "C", tags: [], lastSeen: before(25_000), removedAt: null }],
      }),
    },
    outlook: "wait",
    steps: ["wait:server:n4 waiting", "restore:APP/ONE blocked"],
  },
  {
    story: "CP-65: an R1 that stayed on a removed server, as no other could take it, is deleted and restored",
    situation: {
      version: "2.10.27",
      servers: ["n1", "n2"],
      streams: [unanswered("ONE", { answer: { kind: "offline", detail: "stream is offline" } })],
      memory: [remembered("ONE", ["n3"])],
      backups: [backup("ONE")],
      ledger: (ledger) => ({
        ...ledger,
        servers: [
          { name: "n3", peer: "BXScrY9i", cluster: "C", tags: [], lastSeen: before(90_000), removedAt: before(60_000) },
        ],
      }),
    },
    outlook: "act",
    steps: ["delete-stub:APP/ONE ready", "restore:APP/ONE later"],
  },
  {
    story: "CP-68, F35: a removed server that comes back under its name is kept out for five minutes (2.15)",
    situation: { servers: ["n1", "n2", "n3", "n4"], streams: [whole()], ...comeBack(60_000) },
    outlook: "wait",
    steps: ["wait:returned:n4 waiting"],
  },
  {
    story: "CP-68, F35: after that, and on older versions, a person gives it a new name",
    situation: { servers: ["n1", "n2", "n3", "n4"], streams: [whole()], ...comeBack(900_000) },
    outlook: "blocked",
    steps: ["ask:returned:n4 blocked"],
  },
  {
    story: "CP-69, F13: a lost stream of three replicas is restored with one, and scaled up then",
    situation: {
      servers: three,
      memory: [remembered("ORDERS", three)],
      backups: [backup("ORDERS")],
      words: { restore: ["APP/ORDERS"] },
    },
    outlook: "act",
    steps: ["restore:APP/ORDERS ready", "scale-up:APP/ORDERS later"],
  },
  {
    story: "CP-66, F34: a removed peer that a stream still counts is taken out of that stream",
    situation: {
      servers: [...three, "n4"],
      streams: [replicated("ORDERS", ["+n1", "+n2", "xn9"], "n1")],
    },
    outlook: "act",
    steps: ["peer-remove:APP/ORDERS>n9 ready", "wait:healed:APP/ORDERS>n9 later"],
  },
  {
    story: "CP-67: a consumer that nobody leads is made to elect",
    situation: { servers: three, streams: [{ ...whole(), consumers: [consumer(["n1", "n2", "n3"])] }] },
    outlook: "act",
    steps: ["step-down:APP/ORDERS > work ready"],
  },
  {
    story: "CP-67, F34: one whose peers were removed is for a person, who gets the sequence to go on at",
    situation: { servers: three, streams: [{ ...whole(), consumers: [consumer(["n9"])] }] },
    outlook: "blocked",
    steps: ["ask:consumer:APP/ORDERS > work blocked"],
  },
  {
    story: "CP-70: a server is emptied by an evacuation (2.15), stopped, and then removed",
    situation: {
      servers: [...three, "n4"],
      words: { drain: ["n3"] },
      streams: [whole(), replicated("ONE", ["+n3"], "n3")],
    },
    outlook: "act",
    steps: ["evacuate:n3 ready", "wait:empty:n3 later", "ask:stop:n3 later"],
  },
  {
    story: "CP-71: before 2.15 stream by stream",
    situation: {
      version: "2.10.27",
      servers: [...three, "n4"],
      words: { drain: ["n3"] },
      streams: [whole(), replicated("ONE", ["+n3"], "n3")],
    },
    outlook: "act",
    steps: ["move:APP/ONE off n3 ready", "move:APP/ORDERS off n3 later", "wait:empty:n3 later", "ask:stop:n3 later"],
  },
  {
    story: "CP-72: rolling replacement: a server that was emptied and is gone is removed before the next is emptied",
    situation: {
      servers: ["n1", "n2", "!n3", "n4"],
      offline: ["n3"],
      words: { gone: ["n3"], drain: ["n2"] },
      streams: [replicated("ORDERS", ["+n1", "+n2", "+n4"], "n1")],
    },
    outlook: "act",
    steps: ["peer-remove:n3 ready", "wait:healed:n3 later"],
  },
  {
    story: "CP-70: without room for what is on it a server is added first",
    situation: { servers: three, words: { drain: ["n3"] }, streams: [whole()] },
    outlook: "blocked",
    steps: ["add-node:in cluster C ready", "evacuate:n3 later", "wait:empty:n3 later", "ask:stop:n3 later"],
  },
];

describe("the plan of a cluster", () => {
  for (const { story, situation, outlook, steps } of rows) {
    it(story, () => {
      const made = plan(situation);
      assert.deepEqual([made.outlook, ...made.steps.map(({ id, state }) => `${id} ${state}`)], [outlook, ...steps]);
      assert.ok(made.summary.length > 0);
    });
  }

  it("CP-11: asks for the quorum that the living can give, and says what it risks", () => {
    const five = plan({ servers: ["n1", "n2", "!n3", "!n4", "!n5"], words: { gone: ["n3", "n4", "n5"] } });
    const rescue = five.steps.find(({ kind }) => kind === "meta-rescue");
    assert.equal(rescue?.arguments.quorumNeeded, 2);
    assert.match(rescue?.risk ?? "", /two clusters of one/);
    assert.equal(rescue?.safe, false);
  });

  it("CP-12: counts how many servers the quorum needs", () => {
    const made = plan({ version: "2.9.25", servers: ["n1", "!n2", "!n3"], words: { gone: ["n2", "n3"] } });
    assert.match(made.steps[0]?.why ?? "", /2 new servers/);
  });

  it("CP-09: is complete only where Relight can do all of it", () => {
    assert.equal(plan({ servers: three, streams: [whole()] }).complete, true);
    const spare = { servers: ["n1", "n2", "!n3", "n4"], offline: ["n3"], words: { gone: ["n3"] } };
    const streams = [replicated("ORDERS", ["+n1", "+n2", "xn3"], "n1")];
    assert.equal(plan({ ...spare, streams }).complete, true);
    assert.equal(plan({ ...spare, servers: ["n1", "n2", "!n3"], streams }).complete, false);
    assert.equal(plan({ servers: ["n1", "n2", "!n3", "n4"], streams }).complete, true, "waiting is no person's work");
  });

  it("F35: says before a removal how the server may come back, and how the version behaves", () => {
    const made = plan({ version: "2.12.4", servers: ["n1", "n2", "!n3", "n4"], words: { gone: ["n3"] } });
    assert.match(made.notes.join("\n"), /new server_name and an empty store directory/);
    assert.match(made.notes.join("\n"), /offline: remove all dead ones/);
    assert.match(
      plan({ version: "2.10.27", servers: ["n1", "n2", "!n3", "n4"], words: { gone: ["n3"] } }).notes.join("\n"),
      /only a new look/,
    );
  });

  it("CP-66: takes no stale peer out of a stream that nothing living could replace", () => {
    const made = plan({ servers: three, streams: [replicated("ORDERS", ["+n1", "+n2", "+n3", "xn9"], "n1")] });
    assert.deepEqual(
      made.steps.map(({ id, state }) => `${id} ${state}`),
      ["add-node:in cluster C ready", "peer-remove:APP/ORDERS>n9 later", "wait:healed:APP/ORDERS>n9 later"],
    );
  });
});
