import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { planCluster } from "../../cluster/plan/plan-cluster.ts";
import type { ReservationCode } from "../../cluster/watch/unasked.ts";
import { remembered, replicated, type Situation, sketchRequest, unanswered } from "../../testing/sketch-situation.ts";
import { proposalSignature } from "./proposal-signature.ts";

const signature = (situation: Situation, ...codes: readonly ReservationCode[]): string => {
  const reasons = codes.map((code) => ({ code, text: code }));
  return proposalSignature({
    plan: planCluster(sketchRequest(situation)),
    unasked: { may: codes.length === 0, reasons },
  });
};
const streams = [replicated("ORDERS", ["+n1", "+n2", "xn3"], "n1")];
const dead: Situation = { servers: ["n1", "n2", "!n3", "n4"], offline: ["n3"], streams };

describe("whether a proposal is another one", () => {
  it("WA-05: it is none where all is whole, or a replica is catching up", () => {
    assert.equal(signature({ servers: ["n1", "n2", "n3"] }), "");
    assert.equal(
      signature({ servers: ["n1", "n2", "n3"], streams: [replicated("ORDERS", ["+n1", "+n2", "~n3"], "n1")] }),
      "",
    );
  });

  it("WA-05: it is the same while only time passes", () => {
    assert.notEqual(signature({ ...dead, silentMs: 20_000 }), "");
    assert.equal(signature({ ...dead, silentMs: 20_000 }), signature({ ...dead, silentMs: 40_000 }));
    const gone = { ...dead, silentMs: 700_000 };
    assert.equal(signature(gone, "not-silent-enough"), signature(gone));
  });

  it("WA-05: it is another one when a server counts as gone, something else is blocked, or another reason keeps it from being done", () => {
    const gone = { ...dead, silentMs: 700_000 };
    assert.notEqual(signature({ ...dead, silentMs: 20_000 }), signature(gone));
    assert.notEqual(signature(gone, "runs"), signature(gone));
    const blocked = { ...gone, streams: [...streams, unanswered("ONE")], memory: [remembered("ONE", ["n3"])] };
    assert.notEqual(signature(blocked), signature(gone));
  });
});
