import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkPlan, type PlanRow, planOf } from "../../testing/check-plan.ts";
import {
  backup,
  n3Gone,
  remembered,
  rememberingServer,
  replicated,
  three,
  whole,
  withMeta,
  withSpare,
} from "../../testing/sketch-situation.ts";
import { peerIdOf } from "../peer-id.ts";
import { seenOr } from "../unseen.ts";

/** n2 has not yet got what its leader sent just now. */
const inFlight = three.map((name) => {
  const standing = { current: name !== "n2", offline: false, activeMs: 4, lag: name === "n2" ? 3 : 0 };
  return { name, peer: peerIdOf(name), standing };
});

/** n1 leads it, and n2 says that n3 does. */
const atOdds = {
  ...whole(),
  replicas: seenOr(whole().replicas, []).map((one) => (one.server === "n2" ? { ...one, leader: "n3" } : one)),
};

const rows: readonly PlanRow[] = [
  {
    story: "CP-03: nothing to do where everything is whole",
    situation: { servers: three, streams: [whole()], memory: [remembered("ORDERS", three)] },
    outlook: "whole",
    steps: [],
  },
  {
    story:
      "CP-03: so where the meta group works on a request just now, and a busy stream's follower lacks what is on its way",
    situation: {
      servers: three,
      streams: [replicated("ORDERS", ["+n1", "+n2", "+n3"], "n1", { peers: inFlight })],
      memory: [remembered("ORDERS", three)],
      later: (sample) => withMeta(sample, { pending: 1 }),
    },
    outlook: "whole",
    steps: [],
  },
  {
    story: "CP-03: so where a stream is new since the first look",
    situation: {
      servers: three,
      streams: [whole()],
      earlier: (sample) => ({ ...sample, accounts: sample.accounts.map((one) => ({ ...one, streams: [] })) }),
    },
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
    story: "CP-06: a server that names another leader of the meta group than the one that leads",
    situation: {
      servers: [...three, "!n4", "n5"],
      words: { gone: ["n4"] },
      meta: {
        claims: [
          { server: "n1", leader: "n1", size: 5 },
          { server: "n5", leader: "n3", size: 5 },
        ],
      },
    },
    outlook: "hold",
    steps: ["wait:partition blocked"],
  },
  {
    story: "CP-06: replicas of one stream that name different leaders, in both samples",
    situation: { servers: three, streams: [atOdds] },
    outlook: "hold",
    steps: ["wait:partition blocked"],
  },
  {
    story: "CP-06: in one sample only that is an election",
    situation: {
      servers: three,
      streams: [atOdds],
      earlier: (sample) => ({ ...sample, accounts: sample.accounts.map((one) => ({ ...one, streams: [whole()] })) }),
    },
    outlook: "whole",
    steps: [],
  },
  {
    story: "CP-11: no quorum is lowered where those who answer do not agree how large the group is: they may be two",
    situation: {
      servers: ["n1", "n2", "!n3", "!n4", "!n5"],
      words: { gone: ["n3", "n4", "n5"] },
      meta: {
        claims: [
          { server: "n1", leader: null, size: 5 },
          { server: "n2", leader: null, size: 3 },
        ],
      },
    },
    outlook: "hold",
    steps: ["wait:partition blocked"],
  },
  {
    story:
      "CP-08, CP-11: a meta group that had a leader in the earlier sample has not lost its quorum for sure: no rescue yet",
    situation: {
      servers: ["n1", "!n2", "!n3"],
      words: { gone: ["n2", "n3"] },
      earlier: (sample) => withMeta(sample, { leader: "n1", whyNoLeader: null }),
    },
    outlook: "wait",
    steps: ["wait:look-again waiting"],
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
    story: "CP-11: what is saved already is not saved again, and nobody starts for want of a leader",
    situation: {
      servers: ["n1", "!n2", "!n3"],
      server: { n1: { health: { ok: false, errors: ["JetStream has not established contact with a meta leader"] } } },
      words: { gone: ["n2", "n3"] },
      streams: [
        replicated("ONE", ["+n1"], "n1"),
        replicated("ORDERS", ["+n1", "-n2", "-n3"], null, { allowDirect: true }),
      ],
      backups: [backup("ONE"), backup("ORDERS")],
    },
    outlook: "act",
    steps: ["meta-rescue:meta ready", "wait:meta later"],
  },
  {
    story: "CP-11: only when every missing member is said to be gone",
    situation: { servers: ["n1", "!n2", "!n3"], words: { gone: ["n2"] } },
    outlook: "blocked",
    steps: ["wait:meta blocked"],
  },
  {
    story: "CP-11: a server that was removed before is none of them, and need not be named",
    situation: {
      servers: ["n1", "!n2", "!n3"],
      words: { gone: ["n2", "n3"] },
      ledger: rememberingServer("n4", 900_000, 600_000),
    },
    outlook: "act",
    steps: ["meta-rescue:meta ready", "wait:meta later"],
  },
  {
    story: "CP-11: one that is remembered, and was not removed, may be a member that nobody can name any more",
    situation: {
      servers: ["n1", "!n2", "!n3"],
      words: { gone: ["n2", "n3"] },
      ledger: rememberingServer("n4", 900_000, null),
    },
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
];

describe("the plan of a cluster", () => {
  for (const row of rows) it(row.story, () => checkPlan(row));

  it("CP-11: asks for the quorum that the living can give, and says what it risks", () => {
    const five = planOf({ servers: ["n1", "n2", "!n3", "!n4", "!n5"], words: { gone: ["n3", "n4", "n5"] } });
    const rescue = five.steps.find(({ kind }) => kind === "meta-rescue");
    assert.equal(rescue?.arguments.quorumNeeded, 2);
    assert.match(rescue?.risk ?? "", /two clusters of one/);
    assert.equal(rescue?.safe, false);
  });

  it("CP-12: counts how many servers the quorum needs", () => {
    const made = planOf({ version: "2.9.25", servers: ["n1", "!n2", "!n3"], words: { gone: ["n2", "n3"] } });
    assert.match(made.steps[0]?.why ?? "", /2 new servers/);
  });

  it("CP-09: is complete only where Relight can do all of it", () => {
    assert.equal(planOf({ servers: three, streams: [whole()] }).complete, true);
    const spare = { servers: withSpare, ...n3Gone };
    const streams = [replicated("ORDERS", ["+n1", "+n2", "xn3"], "n1")];
    assert.equal(planOf({ ...spare, streams }).complete, true);
    assert.equal(planOf({ ...spare, servers: ["n1", "n2", "!n3"], streams }).complete, false);
    assert.equal(planOf({ servers: ["n1", "n2", "!n3", "n4"], streams }).complete, true, "waiting is no person's work");
  });

  it("F35: says before a removal how the server may come back, and how the version behaves", () => {
    const made = planOf({ version: "2.12.4", servers: ["n1", "n2", "!n3", "n4"], words: { gone: ["n3"] } });
    assert.match(made.notes.join("\n"), /new server_name and an empty store directory/);
    assert.match(made.notes.join("\n"), /offline: remove all dead ones/);
    assert.match(
      planOf({ version: "2.10.27", servers: ["n1", "n2", "!n3", "n4"], words: { gone: ["n3"] } }).notes.join("\n"),
      /only a new look/,
    );
  });
});
