import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkPlan, type PlanRow, planOf } from "../../testing/check-plan.ts";
import { replicated, three } from "../../testing/sketch-situation.ts";

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
];

describe("the plan for peers that were removed, and that a stream still counts", () => {
  for (const row of rows) it(row.story, () => checkPlan(row));

  it("CP-66: takes no stale peer out of a stream that nothing living could replace", () => {
    const made = planOf({ servers: three, streams: [replicated("ORDERS", ["+n1", "+n2", "+n3", "xn9"], "n1")] });
    assert.deepEqual(
      made.steps.map(({ id, state }) => `${id} ${state}`),
      ["add-node:in cluster C ready", "peer-remove:APP/ORDERS>n9 later", "wait:healed:APP/ORDERS>n9 later"],
    );
  });
});
