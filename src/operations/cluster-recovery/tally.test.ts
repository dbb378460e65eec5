import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PlanStep } from "../../cluster/plan/cluster-plan.ts";
import { planCluster } from "../../cluster/plan/plan-cluster.ts";
import { RelightError } from "../../errors.ts";
import { backup, remembered, sketchRequest } from "../../testing/sketch-situation.ts";
import { Tally } from "./tally.ts";

const [restore = assert.fail()] = planCluster(
  sketchRequest({
    servers: ["n1", "n2", "n3"],
    memory: [remembered("ONE", ["n3"])],
    backups: [backup("ONE")],
    words: { restore: ["APP/ONE"] },
  }),
).steps;
const as = (kind: PlanStep["kind"], target: Partial<PlanStep["target"]> = {}): PlanStep => ({
  ...restore,
  kind,
  id: `${kind}:APP/ONE`,
  target: { ...restore.target, ...target },
});
const removal = as("peer-remove", { account: null, stream: null, server: "n3" });
const timeout = new RelightError("TIMEOUT", "no answer");
const refused = new RelightError("RESTORE_REFUSED", "no room");

describe("what became of a run's steps", () => {
  it("CA-08: a failure of one stream's own steps keeps no other from being done", () => {
    for (const kind of ["restore", "delete-stub", "scale-up", "back-up-first", "salvage"] as const) {
      assert.equal(new Tally().fail(as(kind), refused, false), "go-on");
    }
    for (const kind of ["scale-down", "move", "cancel-move", "evacuate", "meta-rescue"] as const) {
      assert.equal(new Tally().fail(as(kind), refused, false), "stop");
    }
    assert.equal(new Tally().fail(removal, timeout, false), "stop");
  });

  it("CA-09: where the cluster changed under a step it is looked at again, once", () => {
    const tally = new Tally();
    assert.equal(tally.fail(removal, timeout, true), "look-again");
    assert.equal(tally.fail(removal, timeout, true), "stop");
    assert.deepEqual(tally.failures, []);
  });

  it("lets a stream be tried once more whose failure may have passed, all of its steps, and no other", () => {
    const tally = new Tally();
    for (const id of ["peer-remove:n3", "delete-stub:APP/ONE", "delete-stub:APP/LONE"]) tally.done.add(id);
    tally.fail(restore, timeout, false);
    tally.fail(as("restore", { stream: "TWO" }), refused, false);
    assert.deepEqual([...tally.failed.keys()], ["APP/ONE", "APP/TWO"]);
    assert.equal(tally.again(), true);
    assert.deepEqual([...tally.failed.keys()], ["APP/TWO"]);
    assert.deepEqual([...tally.done], ["peer-remove:n3", "delete-stub:APP/LONE"]);
    tally.fail(restore, timeout, false);
    assert.equal(tally.again(), false);
    assert.deepEqual(tally.failures.map(({ error }) => error.code).sort(), ["RESTORE_REFUSED", "TIMEOUT"]);
  });

  it("tells what was not as planned from what failed", () => {
    const tally = new Tally();
    tally.fail(as("delete-stub"), new RelightError("PLAN_OUTDATED", "it holds messages"), false);
    assert.deepEqual([tally.failures.length, tally.surprises.length], [0, 1]);
  });
});
