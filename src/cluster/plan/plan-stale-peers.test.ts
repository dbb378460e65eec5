import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkPlan, type PlanRow, planOf } from "../../testing/check-plan.ts";
import { replicated, three } from "../../testing/sketch-situation.ts";
import { seenOr } from "../unseen.ts";

const rows: readonly PlanRow[] = [
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
    story: "CP-66: where that stream cannot elect without it, a person saves it first",
    situation: { servers: [...three, "n4"], streams: [replicated("TWO", ["+n1", "xn9"], null)] },
    outlook: "blocked",
    steps: ["ask:stale:APP/TWO>n9 blocked"],
  },
];

describe("the plan for peers that were removed, and that a stream still counts", () => {
  for (const row of rows) it(row.story, () => checkPlan(row));

  it("CP-66: takes none out of a stream whose replicas differ: the one that is gone may be the good one", () => {
    const stream = replicated("ORDERS", ["+n1", "+n2", "xn9"], "n1");
    const replicas = seenOr(stream.replicas, []).map((one) => ({ ...one, lost: one.server === "n2" ? 3 : 0 }));
    const { steps } = planOf({ servers: [...three, "n4"], streams: [{ ...stream, replicas }] });
    assert.ok(steps.length > 0);
    assert.deepEqual(
      steps.filter(({ kind }) => kind === "peer-remove"),
      [],
    );
  });

  it("CP-66: takes no stale peer out of a stream that nothing living could replace", () => {
    const made = planOf({ servers: three, streams: [replicated("ORDERS", ["+n1", "+n2", "+n3", "xn9"], "n1")] });
    assert.deepEqual(
      made.steps.map(({ id, state }) => `${id} ${state}`),
      ["add-node:in cluster C ready", "peer-remove:APP/ORDERS>n9 later", "wait:healed:APP/ORDERS>n9 later"],
    );
  });
});
