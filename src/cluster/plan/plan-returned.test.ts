import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkPlan, type PlanRow, planOf } from "../../testing/check-plan.ts";
import { rememberingServer, replicated, type Situation, whole, withMeta } from "../../testing/sketch-situation.ts";
import type { Sample } from "../picture.ts";

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
    ledger: rememberingServer("n4", ms, ms),
  };
};

const rows: readonly PlanRow[] = [
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
];

describe("the plan for removed servers that are back", () => {
  for (const row of rows) it(row.story, () => checkPlan(row));

  it("CP-68, F35: one that serves an old stream beside the new one stops everything, and is named as what has to be stopped", () => {
    const both = replicated("ONE", ["+n1"], "n1", { claimants: ["n1", "n4"] });
    const made = planOf({ servers: ["n1", "n2", "n3", "n4"], streams: [both], ...comeBack(60_000) });
    assert.equal(made.outlook, "hold");
    assert.match(made.steps[0]?.blockers[0]?.cure ?? "", /^n4 was removed, and answers again: stop it/);
  });
});
