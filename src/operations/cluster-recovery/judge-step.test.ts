import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PlanStep } from "../../cluster/plan/cluster-plan.ts";
import { planCluster } from "../../cluster/plan/plan-cluster.ts";
import { type View, viewOf } from "../../cluster/plan/view.ts";
import {
  backup,
  remembered,
  replicated,
  type Situation,
  sketchRequest,
  unanswered,
} from "../../testing/sketch-situation.ts";
import { judgeStep } from "./judge-step.ts";

const viewIn = (situation: Situation): View => viewOf(sketchRequest(situation));
const stepIn = (situation: Situation, id: string): PlanStep => {
  const { steps } = planCluster(sketchRequest(situation));
  return steps.find((step) => step.id === id) ?? assert.fail(steps.map((step) => step.id).join());
};
const lacks = (id: string, before: Situation, now: Situation): readonly string[] =>
  judgeStep(stepIn(before, id), viewIn(before), viewIn(now)).lacks;

const memory = [remembered("ORDERS", ["n1", "n2", "n3"]), remembered("ONE", ["n3"])];
const dead: Situation = {
  servers: ["n1", "n2", "!n3", "n4"],
  words: { gone: ["n3"] },
  streams: [replicated("ORDERS", ["+n1", "+n2", "-n3"], "n1"), unanswered("ONE")],
  memory,
  backups: [backup("ONE")],
};
const healed: Situation = {
  servers: ["n1", "n2", "n4"],
  streams: [replicated("ORDERS", ["+n1", "+n2", "+n4"], "n1"), unanswered("ONE")],
  memory,
};
const removal = "peer-remove:n3";

describe("whether a removal has had its effect", () => {
  it("CA-02: is so when the server is out of every group, and what it had a part in is whole; what was lost is not waited for", () => {
    assert.deepEqual(lacks(removal, dead, healed), []);
    const { looks } = judgeStep(stepIn(dead, removal), viewIn(dead), viewIn(healed));
    assert.equal(looks, 3);
  });

  it("is not so while it is a member, or a stream counts it", () => {
    assert.deepEqual(lacks(removal, dead, dead), ["n3 is still a member", "APP/ORDERS still counts n3"]);
  });

  it("is not so while the new replica catches up, a stream has no leader, or one is short of a replica that a server can take", () => {
    const orders = (...args: Parameters<typeof replicated>) =>
      lacks(removal, dead, { ...healed, streams: [replicated(...args)] });
    assert.deepEqual(orders("ORDERS", ["+n1", "+n2", "~n4"], "n1"), ["n4 of APP/ORDERS is 30 entries behind"]);
    assert.deepEqual(orders("ORDERS", ["+n1", "+n2", "+n4"], null), ["APP/ORDERS has no leader"]);
    assert.deepEqual(orders("ORDERS", ["+n1", "+n2"], "n1", { wanted: 3 }), ["APP/ORDERS has 2 of 3 peers"]);
    assert.deepEqual(
      lacks(removal, dead, {
        ...healed,
        servers: ["n1", "n2"],
        streams: [replicated("ORDERS", ["+n1", "+n2"], "n1", { wanted: 3 })],
      }),
      [],
    );
  });

  it("CA-09: does not wait for what another death does meanwhile: the next plan says what is to be done", () => {
    const struck = { ...healed, servers: ["n1", "n2", "!n4"] };
    const now = (leader: string | null, lastSeq = 500): Situation => {
      return { ...struck, streams: [replicated("ORDERS", ["+n1", "+n2", "-n4"], leader, { lastSeq, wanted: 2 })] };
    };
    assert.deepEqual(lacks(removal, dead, now("n1")), []);
    assert.deepEqual(lacks(removal, dead, now(null)), []);
    assert.deepEqual(lacks(removal, dead, now("n1", 0)), ["APP/ORDERS ends at 0, and ended at 500"]);
  });

  it("CA-02: is not so where a stream holds less than before: an empty replica may have won", () => {
    const now = { ...healed, streams: [replicated("ORDERS", ["+n1", "+n2", "+n4"], "n4", { lastSeq: 0 })] };
    assert.deepEqual(lacks(removal, dead, now), ["APP/ORDERS ends at 0, and ended at 500"]);
  });

  it("is not so without one leader of the meta group", () => {
    const now: Situation = { ...healed, meta: { leader: null, whyNoLeader: "none of those who answer knows one" } };
    assert.notDeepEqual(lacks(removal, dead, now), []);
  });
});

describe("whether a scale-down has had its effect", () => {
  const below: Situation = {
    version: "2.10.27",
    servers: ["n1", "!n2", "!n3", "n4", "n5"],
    offline: ["n2", "n3"],
    words: { gone: ["n2", "n3"] },
    backups: [backup("ORDERS")],
    streams: [replicated("ORDERS", ["+n1", "-n2", "-n3"], null)],
    memory: [remembered("ORDERS", ["n1", "n2", "n3"])],
  };
  const id = "scale-down:APP/ORDERS";
  const now = (...args: Parameters<typeof replicated>): Situation => ({ ...below, streams: [replicated(...args)] });

  it("is so when a replica that lives leads, with all that it held", () => {
    assert.deepEqual(lacks(id, below, now("ORDERS", ["+n1"], "n1")), []);
    assert.deepEqual(lacks(id, below, below), ["APP/ORDERS has no leader that answers"]);
  });

  it("is not so where a dead one was kept, or messages are missing", () => {
    assert.deepEqual(lacks(id, below, now("ORDERS", ["-n2"], null)), ["APP/ORDERS has no leader that answers"]);
    assert.deepEqual(lacks(id, below, now("ORDERS", ["+n1"], "n1", { lastSeq: 0 })), [
      "APP/ORDERS ends at 0, and ended at 500",
    ]);
  });
});

describe("whether a deletion has had its effect", () => {
  const id = "delete-stub:APP/ONE";
  const stub: Situation = {
    servers: ["n1", "n2", "n4"],
    streams: [replicated("ONE", ["+n2"], "n2", { lastSeq: 0 })],
    memory: [remembered("ONE", ["n3"])],
    backups: [backup("ONE")],
  };

  it("is so when the account does not list it, and only a list that is complete says so", () => {
    const gone = { ...stub, streams: [] };
    assert.deepEqual(lacks(id, stub, gone), []);
    assert.deepEqual(lacks(id, stub, stub), ["APP/ONE is still there"]);
    const blind: Situation["later"] = (sample) => ({
      ...sample,
      accounts: sample.accounts.map((account) => ({ ...account, inventory: { unseen: "no-answer" } as const })),
    });
    assert.deepEqual(lacks(id, stub, { ...gone, later: blind }), ["account APP does not list its streams"]);
  });
});
