import { describe, it } from "node:test";
import { checkSteps, type StepsRow } from "../../testing/check-plan.ts";
import {
  backup,
  before,
  n3Gone,
  remembered,
  replicated,
  shortOfN3,
  unanswered,
  withSpare,
} from "../../testing/sketch-situation.ts";

const rows: readonly StepsRow[] = [
  {
    story: "CP-20, F31: R3, one node gone, a spare is there: removed, and healed",
    situation: { servers: withSpare, ...n3Gone, streams: [shortOfN3()] },
    steps: ["peer-remove:n3 ready safe", "wait:healed:n3 later safe"],
  },
  {
    story: "CP-01: without a word, what was silent for long and is flagged offline is gone",
    situation: { servers: withSpare, offline: ["n3"], silentMs: 700_000, streams: [shortOfN3()] },
    steps: ["peer-remove:n3 ready safe", "wait:healed:n3 later safe"],
  },
  {
    story: "CP-01: what answered in the earlier sample is not gone, whatever is said of it",
    situation: {
      servers: withSpare,
      ...n3Gone,
      streams: [shortOfN3()],
      earlier: (sample) => ({ ...sample, servers: sample.servers.map((server) => ({ ...server, answers: true })) }),
    },
    steps: ["wait:server:n3 waiting safe"],
  },
  {
    story: "CP-19: a leader of the meta group without a quorum behind it removes nothing",
    situation: { servers: ["n1", "!n2", "!n3"], words: { gone: ["n2", "n3"] }, staleLeader: true },
    steps: [
      "peer-remove:n2 blocked",
      "wait:healed:n2 later safe",
      "peer-remove:n3 blocked",
      "wait:healed:n3 later safe",
    ],
  },
  {
    story: "CP-02, F32: without a word, what is not silent for long is waited for",
    situation: { servers: withSpare, offline: ["n3"], silentMs: 200_000, streams: [shortOfN3()] },
    steps: ["wait:server:n3 waiting safe"],
  },
  {
    story: "CP-02: nor is what is silent for long but not flagged offline",
    situation: { servers: withSpare, silentMs: 700_000, streams: [shortOfN3()] },
    steps: ["wait:server:n3 waiting safe"],
  },
  {
    story: "CP-21: without a spare a node is added first, and nothing is removed unasked",
    situation: { servers: ["n1", "n2", "!n3"], ...n3Gone, streams: [shortOfN3()] },
    steps: ["add-node:in cluster C ready", "peer-remove:n3 later", "wait:healed:n3 later safe"],
  },
  {
    story: "CP-22: without a spare it runs on two, if the operator accepts that, and never unasked",
    situation: {
      servers: ["n1", "n2", "!n3"],
      offline: ["n3"],
      words: { gone: ["n3"], withoutSpare: true },
      streams: [shortOfN3()],
    },
    steps: ["peer-remove:n3 ready", "wait:healed:n3 later safe"],
  },
  {
    story: "CP-23, F33: an R1 on it without a backup blocks the removal",
    situation: {
      servers: withSpare,
      ...n3Gone,
      streams: [shortOfN3(), unanswered("ONE")],
      memory: [remembered("ONE", ["n3"])],
    },
    steps: ["peer-remove:n3 blocked", "wait:healed:n3 later safe", "ask:lost:APP/ONE blocked"],
  },
  {
    story: "CP-23: so does a backup that reaches not as far",
    situation: {
      servers: withSpare,
      ...n3Gone,
      streams: [unanswered("ONE")],
      memory: [remembered("ONE", ["n3"])],
      backups: [backup("ONE", 499)],
    },
    steps: [
      "peer-remove:n3 blocked",
      "wait:healed:n3 later safe",
      "delete-stub:APP/ONE blocked",
      "restore:APP/ONE blocked",
    ],
  },
  {
    story: "CP-24, F26, F31, F47: an R1 in a backup: removed, healed, what is left under the name deleted, restored",
    situation: {
      servers: withSpare,
      ...n3Gone,
      streams: [shortOfN3(), unanswered("ONE")],
      memory: [remembered("ONE", ["n3"])],
      backups: [backup("ONE")],
    },
    steps: [
      "peer-remove:n3 ready safe",
      "wait:healed:n3 later safe",
      "delete-stub:APP/ONE later safe",
      "restore:APP/ONE later safe",
    ],
  },
  {
    story: "CP-24: an old backup that covers it is enough, but not unasked",
    situation: {
      servers: withSpare,
      ...n3Gone,
      streams: [unanswered("ONE")],
      memory: [remembered("ONE", ["n3"])],
      backups: [backup("ONE", 500, { takenAt: before(100_000_000) })],
    },
    steps: ["peer-remove:n3 ready", "wait:healed:n3 later safe", "delete-stub:APP/ONE later", "restore:APP/ONE later"],
  },
  {
    story: "CP-23: a backup that was not proven covers nothing",
    situation: {
      servers: withSpare,
      ...n3Gone,
      streams: [unanswered("ONE")],
      memory: [remembered("ONE", ["n3"])],
      backups: [backup("ONE", 500, { proven: false })],
    },
    steps: ["peer-remove:n3 blocked", "wait:healed:n3 later safe", "ask:lost:APP/ONE blocked"],
  },
  {
    story: "CP-25: an R1 that the operator released blocks nothing",
    situation: {
      servers: withSpare,
      offline: ["n3"],
      words: { gone: ["n3"], released: ["APP/ONE"] },
      streams: [unanswered("ONE")],
      memory: [remembered("ONE", ["n3"])],
    },
    steps: ["peer-remove:n3 ready", "wait:healed:n3 later safe"],
  },
  {
    story: "CP-26: a stream of which nobody knows where it lived blocks too, whatever is in a backup",
    situation: { servers: withSpare, ...n3Gone, streams: [unanswered("ONE")], backups: [backup("ONE")] },
    steps: [
      "peer-remove:n3 blocked",
      "wait:healed:n3 later safe",
      "delete-stub:APP/ONE blocked",
      "restore:APP/ONE blocked",
    ],
  },
  {
    story:
      "CP-26: so does one that is not any more where it was last seen: it may have been moved to the dead one, or made anew on it",
    situation: {
      servers: withSpare,
      ...n3Gone,
      streams: [shortOfN3(), unanswered("MOVED")],
      memory: [remembered("MOVED", ["n1"])],
    },
    steps: ["peer-remove:n3 blocked", "wait:healed:n3 later safe", "ask:lost:APP/MOVED blocked"],
  },
  {
    story: "CP-26: and no backup covers it: nobody knows what came after it was last seen",
    situation: {
      servers: withSpare,
      ...n3Gone,
      streams: [shortOfN3(), unanswered("MOVED")],
      memory: [remembered("MOVED", ["n1"])],
      backups: [backup("MOVED")],
    },
    steps: [
      "peer-remove:n3 blocked",
      "wait:healed:n3 later safe",
      "delete-stub:APP/MOVED blocked",
      "restore:APP/MOVED blocked",
    ],
  },
  {
    story: "CP-26: not so where its home did not say what it holds: it is waited for there",
    situation: {
      servers: withSpare,
      ...n3Gone,
      streams: [shortOfN3(), unanswered("SLOW")],
      memory: [remembered("SLOW", ["n1"])],
      later: (sample) => ({
        ...sample,
        servers: sample.servers.map((server) =>
          server.name === "n1" && "enabled" in server.jetstream
            ? { ...server, jetstream: { ...server.jetstream, streams: { unseen: "no-answer" } } }
            : server,
        ),
      }),
    },
    steps: ["wait:leader:APP/SLOW waiting safe", "peer-remove:n3 ready safe", "wait:healed:n3 later safe"],
  },
  {
    story: "CP-26: so does one of an account that nobody speaks of any more, if the ledger knows it",
    situation: {
      servers: withSpare,
      ...n3Gone,
      streams: [shortOfN3()],
      memory: [remembered("ONE", ["n3"], { account: "OTHER" })],
    },
    steps: ["peer-remove:n3 blocked", "wait:healed:n3 later safe", "ask:lost:OTHER/ONE blocked"],
  },
  {
    story: "CP-27: R5, two gone: one after the other, healed in between",
    situation: {
      servers: ["n1", "n2", "n3", "!n4", "!n5", "n6", "n7"],
      offline: ["n4", "n5"],
      words: { gone: ["n4", "n5"] },
      streams: [replicated("FIVE", ["+n1", "+n2", "+n3", "xn4", "xn5"], "n1")],
    },
    steps: ["peer-remove:n4 ready", "wait:healed:n4 later safe", "peer-remove:n5 later", "wait:healed:n5 later safe"],
  },
  {
    story: "CP-28: other servers that start, or a change under way, are waited for first",
    situation: {
      servers: withSpare,
      ...n3Gone,
      streams: [shortOfN3()],
      server: { n2: { health: { ok: false, errors: ["JetStream is not current with the meta leader"] } } },
      meta: { pending: 1 },
    },
    steps: [
      "wait:starting:n2 waiting safe",
      "wait:meta-change waiting safe",
      "peer-remove:n3 later safe",
      "wait:healed:n3 later safe",
    ],
  },
  {
    story: "CP-29, F37: a ghost of the meta group that was silent for long is removed by its id",
    situation: {
      servers: ["n1", "n2", "n3"],
      later: (sample) =>
        "size" in sample.meta && Array.isArray(sample.meta.peers)
          ? {
              ...sample,
              meta: {
                ...sample.meta,
                size: 4,
                peers: [
                  ...sample.meta.peers,
                  {
                    name: null,
                    peer: "C7B8kAbl",
                    standing: { current: false, offline: true, activeMs: 900_000, lag: 0 },
                  },
                ],
              },
            }
          : sample,
    },
    steps: ["peer-remove:C7B8kAbl ready safe", "wait:healed:C7B8kAbl later safe"],
  },
];

describe("the plan where servers are gone", () => {
  for (const row of rows) it(row.story, () => checkSteps(row));
});
