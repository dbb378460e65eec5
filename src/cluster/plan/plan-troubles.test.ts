import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkPlan, type PlanRow, stepOf } from "../../testing/check-plan.ts";
import { sketchPeer } from "../../testing/sketch-cluster.ts";
import {
  before,
  remembered,
  rememberingServer,
  replicated,
  type Situation,
  three,
  unanswered,
  whole,
} from "../../testing/sketch-situation.ts";

const leaderless = (name = "ORDERS", allowDirect = true): ReturnType<typeof replicated> =>
  replicated(name, ["+n1", "+n2", "+n3"], null, { allowDirect });

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

const leaving = { peers: ["n1", "n2", "n4"], type: "catchup", description: "waiting for peer to catch up" };

const rows: readonly PlanRow[] = [
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
    story: "CP-48, F36: one that was removed by hand while it runs, and that streams count still, is to be stopped",
    situation: {
      servers: [...three, "n4"],
      streams: [replicated("ORDERS", ["+n1", "+n2", "-n3"], "n1")],
      server: { n3: { jetstream: { ...off } } },
      meta: { size: 3, peers: ["n1", "n2", "n4"].map((name) => sketchPeer(`+${name}`)) },
    },
    outlook: "blocked",
    steps: ["ask:removed:n3 blocked"],
  },
  {
    story: "CP-48, F36: so is one that goes on serving what it has",
    situation: {
      servers: [...three, "n4"],
      streams: [replicated("ORDERS", ["+n1", "+n2", "+n3"], "n3", { desired: leaving })],
      meta: { size: 3, peers: ["n1", "n2", "n4"].map((name) => sketchPeer(`+${name}`)) },
    },
    outlook: "blocked",
    steps: ["ask:removed:n3 blocked"],
  },
  {
    story: "CP-48: nor is a server without JetStream anybody's case",
    situation: {
      servers: [...three, "n4"],
      streams: [whole()],
      server: { n4: { jetstream: { ...off } } },
      meta: { size: 3, peers: three.map((name) => sketchPeer(`+${name}`)) },
    },
    outlook: "whole",
    steps: [],
  },
  {
    story: "CP-43: one whose server has no storage left is not waited for",
    situation: {
      servers: three,
      streams: [replicated("ORDERS", ["+n1", "+n2", "~n3"], "n1")],
      server: { n3: { jetstream: { ...off, enabled: true, maxStorage: 1_000, usedStorage: 1_010 } } },
    },
    outlook: "blocked",
    steps: ["ask:full:APP/ORDERS blocked"],
  },
  {
    story: "CP-49: a stream that does not answer, and that no server has, is never nothing to do",
    situation: { servers: three, streams: [unanswered("ONE")] },
    outlook: "blocked",
    steps: ["ask:homeless:APP/ONE blocked"],
  },
  {
    story: "CP-49: nor where its last home answers and has it no more",
    situation: { servers: three, streams: [unanswered("ONE")], memory: [remembered("ONE", ["n2"])] },
    outlook: "blocked",
    steps: ["ask:homeless:APP/ONE blocked"],
  },
  {
    story: "CP-49: nor while a server is remembered that is no member any more",
    situation: {
      servers: three,
      streams: [unanswered("ONE")],
      ledger: rememberingServer("n9", 900_000, null),
    },
    outlook: "blocked",
    steps: ["ask:homeless:APP/ONE blocked"],
  },
  {
    story: "CP-49: nor where one was removed long ago",
    situation: {
      servers: three,
      streams: [unanswered("ONE")],
      ledger: rememberingServer("n9", 900_000, 900_000),
    },
    outlook: "blocked",
    steps: ["ask:homeless:APP/ONE blocked"],
  },
  {
    story: "CP-49: where its home may come back, that is waited for",
    situation: { servers: ["n1", "n2", "n3", "!n4"], streams: [unanswered("ONE")] },
    outlook: "wait",
    steps: ["wait:server:n4 waiting"],
  },
];

describe("the plan where nobody is dead, and not all is well", () => {
  for (const row of rows) it(row.story, () => checkPlan(row));

  it("CP-46: says of a server that calls itself healthy that it answered in one look only, and of no other that it may take long", () => {
    const why = (situation: Partial<Situation>): string =>
      stepOf({ servers: three, ...situation }, "wait:starting:n3").why;
    const errors = ["JetStream is not current with the meta leader"];
    assert.match(why({ server: { n3: { health: { ok: false, errors } } } }), /not ready yet; .* half an hour/);
    const earlier: Situation["earlier"] = (sample) => ({
      ...sample,
      servers: sample.servers.filter(({ name }) => name !== "n3"),
    });
    assert.match(why({ earlier }), /begun to answer just now, .* healthy; it is looked at once more/);
  });
});
