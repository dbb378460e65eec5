import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { planLines, planOf } from "../../testing/check-plan.ts";
import { remembered, replicated, type Situation } from "../../testing/sketch-situation.ts";
import type { Sample } from "../picture.ts";

const withoutMeta = (sample: Sample): Sample => ({ ...sample, meta: { unseen: "not-told" } });
const alone: Situation = { servers: ["n1"], earlier: withoutMeta, later: withoutMeta };
const one = replicated("ONE", ["+n1"], "n1");

describe("the plan of a server that runs JetStream by itself", () => {
  it("CP-107: is empty where all is well, and says that there is no cluster", () => {
    const plan = planOf({ ...alone, streams: [one], memory: [remembered("ONE", ["n1"])] });
    assert.deepEqual([plan.outlook, plan.complete, plan.steps], ["whole", true, []]);
    assert.match(plan.notes.join("\n"), /n1 runs JetStream by itself/);
  });

  it("CP-107: leaves what is lost to a person", () => {
    const emptied = replicated("ONE", ["+n1"], "n1", { lastSeq: 0 });
    const lines = planLines({ ...alone, streams: [emptied], memory: [remembered("ONE", ["n1"])] });
    assert.deepEqual(lines, ["ask:alone:APP/ONE blocked"]);
  });

  it("CP-04: is none from one look", () => {
    assert.deepEqual(planLines({ ...alone, earlier: () => null, streams: [one] }), ["wait:look-again waiting safe"]);
  });

  it("CP-05: is none for the last server of several that answers", () => {
    assert.deepEqual(planLines({ ...alone, servers: ["n1", "!n2"], streams: [one] }), ["wait:look-again waiting safe"]);
  });
});
