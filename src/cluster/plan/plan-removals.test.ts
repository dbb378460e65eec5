import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  backup,
  before,
  remembered,
  replicated,
  type Situation,
  sketchRequest,
  unanswered,
} from "../../testing/sketch-situation.ts";
import type { PlanStep } from "./cluster-plan.ts";
import { planCluster } from "./plan-cluster.ts";

/** "peer-remove:n3 ready safe": id, state, and whether it may be done unasked. */
const line = ({ id, state, safe }: PlanStep): string => `${id} ${state}${safe ? " safe" : ""}`;
const lines = (situation: Situation): string[] => planCluster(sketchRequest(situation)).steps.map(line);
const step = (situation: Situation, id: string): PlanStep => {
  const found = planCluster(sketchRequest(situation)).steps.find((one) => one.id === id);
  assert.ok(found, `no step ${id} in ${lines(situation).join(", ")}`);
  return found;
};

const spare = ["n1", "n2", "!n3", "n4"];
const gone = { offline: ["n3"], words: { gone: ["n3"] } };
const r3 = (name = "ORDERS"): ReturnType<typeof replicated> => replicated(name, ["+n1", "+n2", "xn3"], "n1");

interface Row {
  readonly story: string;
  readonly situation: Situation;
  readonly steps: readonly string[];
}

const rows: readonly Row[] = [
  {
    story: "CP-20, F31: R3, one node gone, a spare is there: removed, and healed",
    situation: { servers: spare, ...gone, streams: [r3()] },
    steps: ["peer-remove:n3 ready safe", "wait:healed:n3 later safe"],
  },
  {
    story: "CP-01: without a word, what was silent for long and is flagged offline is gone",
    situation: { servers: spare, offline: ["n3"], silentMs: 700_000, streams: [r3()] },
    steps: ["peer-remove:n3 ready safe", "wait:healed:n3 later safe"],
  },
  {
    story: "CP-02, F32: without a word, what is not silent for long is waited for",
    situation: { servers: spare, offline: ["n3"], silentMs: 200_000, streams: [r3()] },
    steps: ["wait:server:n3 waiting safe"],
  },
  {
    story: "CP-02: nor is what is silent for long but not flagged offline",
    situation: { servers: spare, silentMs: 700_000, streams: [r3()] },
    steps: ["wait:server:n3 waiting safe"],
  },
  {
    story: "CP-21: without a spare a node is added first, and nothing is removed unasked",
    situation: { servers: ["n1", "n2", "!n3"], ...gone, streams: [r3()] },
    steps: ["add-node:in cluster C ready", "peer-remove:n3 later", "wait:healed:n3 later safe"],
  },
  {
    story: "CP-22: without a spare it runs on two, if the operator accepts that, and never unasked",
    situation: {
      servers: ["n1", "n2", "!n3"],
      offline: ["n3"],
      words: { gone: ["n3"], withoutSpare: true },
      streams: [r3()],
    },
    steps: ["peer-remove:n3 ready", "wait:healed:n3 later safe"],
  },
  {
    story: "CP-23, F33: an R1 on it without a backup blocks the removal",
    situation: { servers: spare, ...gone, streams: [r3(), unanswered("ONE")], memory: [remembered("ONE", ["n3"])] },
    steps: ["peer-remove:n3 blocked", "wait:healed:n3 later safe", "ask:lost:APP/ONE blocked"],
  },
  {
    story: "CP-23: so does a backup that reaches not as far",
    situation: {
      servers: spare,
      ...gone,
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
      servers: spare,
      ...gone,
      streams: [r3(), unanswered("ONE")],
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
      servers: spare,
      ...gone,
      streams: [unanswered("ONE")],
      memory: [remembered("ONE", ["n3"])],
      backups: [backup("ONE", 500, { takenAt: before(100_000_000) })],
    },
    steps: ["peer-remove:n3 ready", "wait:healed:n3 later safe", "delete-stub:APP/ONE later", "restore:APP/ONE later"],
  },
  {
    story: "CP-23: a backup that was not proven covers nothing",
    situation: {
      servers: spare,
      ...gone,
      streams: [unanswered("ONE")],
      memory: [remembered("ONE", ["n3"])],
      backups: [backup("ONE", 500, { proven: false })],
    },
    steps: ["peer-remove:n3 blocked", "wait:healed:n3 later safe", "ask:lost:APP/ONE blocked"],
  },
  {
    story: "CP-25: an R1 that the operator released blocks nothing",
    situation: {
      servers: spare,
      offline: ["n3"],
      words: { gone: ["n3"], released: ["APP/ONE"] },
      streams: [unanswered("ONE")],
      memory: [remembered("ONE", ["n3"])],
    },
    steps: ["peer-remove:n3 ready", "wait:healed:n3 later safe"],
  },
  {
    story: "CP-26: a stream of which nobody knows where it lived blocks too, whatever is in a backup",
    situation: { servers: spare, ...gone, streams: [unanswered("ONE")], backups: [backup("ONE")] },
    steps: [
      "peer-remove:n3 blocked",
      "wait:healed:n3 later safe",
      "delete-stub:APP/ONE blocked",
      "restore:APP/ONE blocked",
    ],
  },
  {
    story: "CP-26: so does one of an account that nobody speaks of any more, if the ledger knows it",
    situation: { servers: spare, ...gone, streams: [r3()], memory: [remembered("ONE", ["n3"], { account: "OTHER" })] },
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
    story: "CP-30: R3, two gone, 2.15: their removals make the survivor elect",
    situation: {
      servers: ["n1", "!n2", "!n3", "n4", "n5"],
      offline: ["n2", "n3"],
      words: { gone: ["n2", "n3"] },
      streams: [replicated("ORDERS", ["+n1", "-n2", "-n3"], null, { allowDirect: true })],
      memory: [remembered("ORDERS", ["n1", "n2", "n3"])],
    },
    steps: [
      "salvage:APP/ORDERS ready safe",
      "peer-remove:n2 later",
      "wait:healed:n2 later safe",
      "peer-remove:n3 later",
      "wait:healed:n3 later safe",
    ],
  },
  {
    story: "CP-31: R3, two gone, 2.10: scaled down to the survivor before any removal, and up again at the end",
    situation: {
      version: "2.10.27",
      servers: ["n1", "!n2", "!n3", "n4", "n5"],
      offline: ["n2", "n3"],
      words: { gone: ["n2", "n3"] },
      streams: [replicated("ORDERS", ["+n1", "-n2", "-n3"], null, { allowDirect: true })],
      memory: [remembered("ORDERS", ["n1", "n2", "n3"])],
    },
    steps: [
      "salvage:APP/ORDERS ready safe",
      "scale-down:APP/ORDERS later",
      "peer-remove:n2 later",
      "wait:healed:n2 later safe",
      "peer-remove:n3 later",
      "wait:healed:n3 later safe",
      "scale-up:APP/ORDERS later",
    ],
  },
  {
    story: "CP-32: R3, two gone by word, 2.10, not flagged offline yet: never scaled down before that",
    situation: {
      version: "2.10.27",
      servers: ["n1", "!n2", "!n3", "n4", "n5"],
      words: { gone: ["n2", "n3"] },
      streams: [replicated("ORDERS", ["+n1", "-n2", "-n3"], null)],
      memory: [remembered("ORDERS", ["n1", "n2", "n3"])],
    },
    steps: [
      "wait:offline:APP/ORDERS waiting safe",
      "scale-down:APP/ORDERS later",
      "peer-remove:n2 later",
      "wait:healed:n2 later safe",
      "peer-remove:n3 later",
      "wait:healed:n3 later safe",
      "scale-up:APP/ORDERS later",
    ],
  },
  {
    story: "CP-33: 2.12 to 2.14 have no eviction either: the same way",
    situation: {
      version: "2.14.6",
      servers: ["n1", "!n2", "n3", "n4"],
      offline: ["n2"],
      words: { gone: ["n2"] },
      streams: [replicated("TWO", ["+n1", "-n2"], null)],
      memory: [remembered("TWO", ["n1", "n2"])],
    },
    steps: ["scale-down:APP/TWO ready", "peer-remove:n2 later", "wait:healed:n2 later safe", "scale-up:APP/TWO later"],
  },
  {
    story: "CP-34: a survivor that has less than was known is not made the stream",
    situation: {
      version: "2.10.27",
      servers: ["n1", "!n2", "n3", "n4"],
      offline: ["n2"],
      words: { gone: ["n2"] },
      streams: [replicated("TWO", ["+n1", "-n2"], null, { lastSeq: 400 })],
      memory: [remembered("TWO", ["n1", "n2"])],
    },
    steps: [
      "scale-down:APP/TWO blocked",
      "peer-remove:n2 blocked",
      "wait:healed:n2 later safe",
      "scale-up:APP/TWO later",
    ],
  },
  {
    story: "CP-35: below quorum while another dead peer may still come back: nothing of it is removed",
    situation: {
      servers: ["n1", "!n2", "!n3", "n4", "n5"],
      offline: ["n2"],
      words: { gone: ["n2"] },
      streams: [replicated("ORDERS", ["+n1", "-n2", "-n3"], null)],
      memory: [remembered("ORDERS", ["n1", "n2", "n3"])],
    },
    steps: ["wait:server:n3 waiting safe", "peer-remove:n2 blocked", "wait:healed:n2 later safe"],
  },
  {
    story: "CP-36, F30: a mirror of what will be lost is backed up before the removal, and looked at afterwards",
    situation: {
      servers: spare,
      ...gone,
      streams: [
        replicated("COPY", ["+n1"], "n1", {
          config: {
            replicas: 1,
            storage: "file",
            retention: "limits",
            placement: null,
            maxBytes: -1,
            allowDirect: true,
            sealed: false,
            mirror: { name: "ONE", external: null },
            sources: [],
          },
        }),
        unanswered("ONE"),
      ],
      memory: [remembered("ONE", ["n3"])],
      backups: [backup("ONE")],
    },
    steps: [
      "back-up-first:APP/COPY ready safe",
      "peer-remove:n3 later safe",
      "wait:healed:n3 later safe",
      "delete-stub:APP/ONE later safe",
      "restore:APP/ONE later safe",
      "ask:flow:APP/COPY blocked",
    ],
  },
  {
    story: "CP-28: other servers that start, or a change under way, are waited for first",
    situation: {
      servers: spare,
      ...gone,
      streams: [r3()],
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
  for (const { story, situation, steps } of rows) {
    it(story, () => {
      assert.deepEqual(lines(situation), steps);
    });
  }

  it("CP-26: removes nothing while an account's streams are not all known, unless the operator released the account", () => {
    const blind: Situation["later"] = (sample) => ({
      ...sample,
      accounts: sample.accounts.map((account) => ({
        ...account,
        inventory: { unseen: "no-account-credential" } as const,
      })),
    });
    const situation = { servers: spare, ...gone, streams: [r3()], later: blind };
    assert.deepEqual(
      step(situation, "peer-remove:n3").blockers.map(({ code }) => code),
      ["inventory-unseen"],
    );
    const released = step({ ...situation, words: { gone: ["n3"], released: ["APP/*"] } }, "peer-remove:n3");
    assert.deepEqual([released.state, released.safe], ["ready", false]);
  });

  it("CP-02: says when a silent server will count as gone, and which streams wait for it", () => {
    const situation = { servers: spare, silentMs: 200_000, streams: [r3()] };
    const wait = step(situation, "wait:server:n3");
    assert.equal(wait.until, before(200_000 - 600_000));
    assert.match(wait.evidence.join(), /APP\/ORDERS: 2 of 3/);
  });

  it("removes by peer id, and says what it may cost and what was concluded from", () => {
    const situation = { servers: spare, ...gone, streams: [r3()] };
    const removal = step(situation, "peer-remove:n3");
    assert.deepEqual([removal.target.server, removal.target.peer], ["n3", "BXScrY9i"]);
    assert.match(removal.risk, /deleted/);
    assert.equal(removal.undo, null);
    assert.deepEqual(removal.evidence, ["APP/ORDERS: 2 of 3 peers answer, 2 are needed"]);
  });

  it("CP-21: says what a server must be like where the placement leaves none", () => {
    const stream = replicated("TAGGED", ["+n1", "+n2", "xn3"], "n1");
    assert.ok("replicas" in stream.config);
    const tagged = { ...stream, config: { ...stream.config, placement: { tags: ["ssd"] } } };
    const plan = planCluster(sketchRequest({ servers: spare, ...gone, streams: [tagged] }));
    const add = plan.steps.find(({ kind }) => kind === "add-node");
    assert.equal(add?.id, "add-node:in cluster C, with the tags ssd");
    assert.deepEqual(add?.evidence, ["n4: has not the tag ssd"]);
    assert.equal(plan.complete, false);
  });

  it("CP-21: counts a unique tag, room and the cluster when it looks for a candidate", () => {
    const cases = [{ n4: { cluster: "OTHER" } }, { n4: { tags: ["!jetstream"] } }];
    for (const server of cases) {
      const plan = planCluster(sketchRequest({ servers: spare, ...gone, streams: [r3()], server }));
      assert.equal(plan.steps[0]?.kind, "add-node", JSON.stringify(server));
    }
    const zone = (az: string, base = sketchRequest({ servers: ["n1"] }).picture.later.servers[0]): object => ({
      tags: [`az:${az}`],
      jetstream: base && "enabled" in base.jetstream ? { ...base.jetstream, uniqueTag: "az:" } : {},
    });
    const zones = (last: string): Situation => ({
      servers: spare,
      ...gone,
      streams: [r3()],
      server: { n1: zone("a"), n2: zone("b"), n4: zone(last) },
    });
    assert.equal(planCluster(sketchRequest(zones("b"))).steps[0]?.kind, "add-node");
    assert.equal(planCluster(sketchRequest(zones("c"))).steps[0]?.kind, "peer-remove");
  });

  it("F05: names the R1 consumers of replicated streams that are on it, with what they had acknowledged", () => {
    const consumer = { name: "audit", durable: true, replicas: 1, servers: ["n3"], delivered: 90, ackFloor: 80 };
    const situation = {
      version: "2.14.6",
      servers: spare,
      ...gone,
      streams: [r3()],
      memory: [remembered("ORDERS", ["n1", "n2", "n3"], { consumers: [consumer] })],
    };
    const removal = step(situation, "peer-remove:n3");
    assert.match(removal.evidence.join("\n"), /consumer APP\/ORDERS > audit is on it, acknowledged up to 80/);
    assert.match(removal.risk, /may be reset/);
  });

  it("CP-23: names the mirrors of what would be lost as the best backup there may be", () => {
    const copy = replicated("COPY", ["+n1"], "n1");
    assert.ok("replicas" in copy.config);
    const mirror = { ...copy, config: { ...copy.config, mirror: { name: "ONE", external: null } } };
    const situation = {
      servers: spare,
      ...gone,
      streams: [mirror, unanswered("ONE")],
      memory: [remembered("ONE", ["n3"])],
    };
    const [blocker] = step(situation, "peer-remove:n3").blockers;
    assert.equal(blocker?.code, "r1-uncovered");
    assert.match(blocker?.cure ?? "", /APP\/COPY copies from it/);
  });
});
