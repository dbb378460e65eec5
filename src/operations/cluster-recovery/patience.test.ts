import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Sample } from "../../cluster/picture.ts";
import { planCluster } from "../../cluster/plan/plan-cluster.ts";
import { replicated, type Situation, sketchRequest, whole, withMeta } from "../../testing/sketch-situation.ts";
import { Patience, patienceMs } from "./patience.ts";
import { whatChanged } from "./what-changed.ts";

/** A judgement of a situation at a time in ms. */
const judge = (patience: Patience, situation: Situation, atMs: number): ReturnType<Patience["judge"]> => {
  const request = sketchRequest(situation);
  return patience.judge(planCluster(request), request.picture.later, atMs);
};
const sample = (situation: Situation): Sample => sketchRequest(situation).picture.later;

const three: Situation = { servers: ["n1", "n2", "n3"], streams: [whole()] };
/** n3 has just been killed: its leader heard it a moment ago. */
const struck: Situation = { servers: ["n1", "n2", "!n3"], silentMs: 4_000, streams: [whole()] };
const silent: Situation = {
  servers: ["n1", "n2", "!n3"],
  streams: [replicated("ORDERS", ["+n1", "+n2", "-n3"], "n1")],
};
const leaderless: Situation = {
  servers: ["n1", "!n2", "!n3"],
  streams: [replicated("ORDERS", ["+n1", "-n2", "-n3"], null)],
};

describe("how long a cluster that loses something is looked at again", () => {
  it("CA-09: a server that has just died is waited for until it is clear that it did; then it goes on", () => {
    const patience = new Patience();
    assert.equal(planCluster(sketchRequest(struck)).outlook, "hold");
    assert.equal(judge(patience, three, 0), "settled");
    assert.equal(judge(patience, struck, 1_000), "wait");
    assert.equal(judge(patience, struck, 11_000), "wait");
    assert.equal(judge(patience, silent, 12_000), "settled");
    assert.equal(judge(patience, struck, 100_000), "wait", "another death has its own time");
  });

  it("CA-09: not for ever, and it is said what changed", () => {
    const patience = new Patience();
    judge(patience, three, 0);
    judge(patience, struck, 1_000);
    assert.equal(judge(patience, struck, 1_000 + patienceMs), "over");
    assert.deepEqual(patience.changes(sample(struck)), ["n3 does not answer any more"]);
  });

  it("CA-09: an account that does not list its streams for a moment is no account without a credential", () => {
    const mute: Situation = {
      ...three,
      later: (later) => ({
        ...later,
        accounts: later.accounts.map((account) => ({ ...account, inventory: { unseen: "no-answer" } as const })),
      }),
    };
    assert.equal(judge(new Patience(), mute, 0), "settled", "it never did");
    const patience = new Patience();
    judge(patience, three, 0);
    assert.equal(judge(patience, mute, 1_000), "wait");
    assert.deepEqual(patience.changes(sample(mute)), ["account APP does not list its streams any more"]);
    assert.equal(judge(patience, three, 3_000), "settled");
    assert.equal(judge(patience, mute, 4_000), "wait");
    assert.equal(judge(patience, mute, 4_000 + patienceMs), "settled");
  });

  it("does not wait for sight that it never had", () => {
    const blind: Situation = {
      ...three,
      later: (later) => ({ ...later, sight: { ...later.sight, system: { unseen: "no-answer" } } }),
    };
    assert.equal(judge(new Patience(), blind, 0), "over");
    const patience = new Patience();
    judge(patience, three, 0);
    assert.equal(judge(patience, blind, 1_000), "wait");
    assert.deepEqual(patience.changes(sample(blind)), ["the servers do not answer on the system account any more"]);
  });

  it("CA-09: the meta group elects; what is done where it has no leader is not done meanwhile", () => {
    const patience = new Patience();
    judge(patience, three, 0);
    assert.equal(judge(patience, leaderless, 1_000), "wait");
    assert.equal(judge(patience, leaderless, 1_000 + patienceMs), "settled");
    assert.equal(judge(patience, leaderless, 2_000 + patienceMs), "settled");
    // One that never had a leader while it was looked at is not waited for.
    assert.equal(judge(new Patience(), leaderless, 0), "settled");
  });

  it("names the servers that fell silent, the meta leader that changed, and the streams without a leader; not what was deleted", () => {
    const streams = ["A", "B", "C", "D"].map((name) => replicated(name, ["+n1", "+n2"], "n1"));
    const before = sample({ servers: ["n1", "n2", "n3"], streams: [...streams, whole("GONE")] });
    const now = sample({
      servers: ["!n1", "n2", "n3"],
      streams: streams.map(({ name }) => replicated(name, ["-n1", "+n2"], null)),
    });
    assert.deepEqual(whatChanged(before, now), [
      "n1 does not answer any more",
      "n1 led the meta group, and now n2 does",
      "without a leader now: APP/A, APP/B, APP/C and 1 more",
    ]);
    assert.deepEqual(whatChanged(before, before), []);
    assert.deepEqual(whatChanged(before, withMeta(before, { leader: null })), [
      "n1 led the meta group, and now nobody does",
    ]);
  });
});
