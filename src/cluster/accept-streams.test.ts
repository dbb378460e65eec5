import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRelightError } from "../errors.ts";
import { planLines } from "../testing/check-plan.ts";
import { remembered, replicated, type Situation, sketchRequest, unanswered } from "../testing/sketch-situation.ts";
import { acceptStreams } from "./accept-streams.ts";
import { findStream, type Ledger } from "./ledger.ts";
import { mergeLedger } from "./merge-ledger.ts";

const situation: Situation = {
  servers: ["n1", "n2", "n3"],
  streams: [
    replicated("ANEW", ["+n1"], "n1", { created: "2026-01-01T11:00:00Z", lastSeq: 20 }),
    replicated("EMPTIED", ["+n1"], "n1", { lastSeq: 0 }),
  ],
  memory: ["ANEW", "EMPTIED", "DELETED"].map((name) => remembered(name, ["n1"])),
};
const accept = (of: Situation, ...names: readonly string[]): Ledger => {
  const { ledger, picture } = sketchRequest(of);
  const keys = names.map((name) => `APP/${name}`);
  return mergeLedger(acceptStreams(ledger, keys, picture.later), picture);
};

describe("what a person accepts", () => {
  it("CP-103: is right from then on: streams deleted, emptied and created anew on purpose", () => {
    assert.equal(planLines(situation).length, 4, planLines(situation).join());
    const ledger = accept(situation, "ANEW", "EMPTIED", "DELETED");
    assert.deepEqual(planLines({ ...situation, ledger: () => ledger }), []);
    assert.equal(findStream(ledger, "APP", "ANEW")?.counters?.lastSeq, 20);
    assert.equal(findStream(ledger, "APP", "DELETED"), undefined);
  });

  it("CP-103: is no word for the others", () => {
    const ledger = accept(situation, "ANEW");
    assert.equal(findStream(ledger, "APP", "EMPTIED")?.counters?.lastSeq, 500);
    assert.ok(findStream(ledger, "APP", "DELETED"));
  });

  it("CP-103: is no release: what does not answer stays known, and its home with it", () => {
    const silent: Situation = { ...situation, servers: ["n1", "n2", "!n3"], streams: [unanswered("ONE")] };
    const ledger = accept({ ...silent, memory: [remembered("ONE", ["n3"])] }, "ONE");
    assert.deepEqual(findStream(ledger, "APP", "ONE")?.servers, ["n3"]);
    assert.deepEqual(findStream(ledger, "APP", "ONE")?.counters, null);
  });

  it("is refused for a stream that nobody knows", () => {
    assert.throws(
      () => accept(situation, "ANEW", "ANWE"),
      (error) => isRelightError(error, "USAGE") && /no stream APP\/ANWE is known/.test(error.message),
    );
  });
});
