import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { planOf } from "../../testing/check-plan.ts";
import { remembered, replicated, type Situation, shortOfN3 } from "../../testing/sketch-situation.ts";
import { renderClusterPlan } from "./cluster-plan.ts";

const rendered = (situation: Situation): string =>
  renderClusterPlan(planOf(situation), { notSeen: [], ledger: null, color: false });

describe("a plan for a person", () => {
  it("names --without-spare only where fewer replicas will do", () => {
    const dead: Situation = { servers: ["n1", "n2", "!n3"], offline: ["n3"], words: { gone: ["n3"] } };
    assert.match(rendered({ ...dead, streams: [shortOfN3()] }), /fewer replicas will do: --without-spare/);
    // Scaled down to save it, and to have its replicas back: that is what the servers are for.
    const scaled = rendered({
      version: "2.10.27",
      servers: ["n1", "n2"],
      streams: [replicated("ORDERS", ["+n1"], "n1")],
      memory: [remembered("ORDERS", ["n1"], { scaledFrom: 3 })],
    });
    assert.match(scaled, /add-node/);
    assert.doesNotMatch(scaled, /without-spare|accept fewer/);
  });
});
