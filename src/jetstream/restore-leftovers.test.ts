import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { interimNames, leftoversOf, leftoverText, restoreLeftover } from "./restore-leftovers.ts";

const id = "d9CFA4WvEZKRWLzdJcP0Ki";
const origin = { name: interimNames.origin("ORDERS", id), subjects: [interimNames.originSubject(id)] };
const halfMade = { name: "ORDERS", description: interimNames.description(id) };

describe("what a killed restore leaves", () => {
  it("is known by what only a restore gives it", () => {
    assert.deepEqual(restoreLeftover(origin), { name: `ORDERS_relight_${id}`, of: "ORDERS", kind: "origin" });
    assert.deepEqual(restoreLeftover(halfMade), { name: "ORDERS", of: "ORDERS", kind: "half-made" });
  });

  it("is nothing that somebody else made, whatever its name", () => {
    for (const config of [
      { name: "ORDERS" },
      { name: origin.name, subjects: ["orders.>"] },
      { name: origin.name },
      { name: "ORDERS", description: "half-made" },
      { name: `ORDERS_relight_${id}x`, subjects: origin.subjects },
    ]) {
      assert.equal(restoreLeftover(config), undefined, JSON.stringify(config));
    }
  });

  it("is found among other streams by the stream that it was for, and named with the command that removes it", () => {
    const streams = [{ config: { name: "OTHER" } }, { config: origin }, { config: halfMade }];
    assert.deepEqual(
      leftoversOf(streams, "ORDERS").map(({ kind }) => kind),
      ["origin", "half-made"],
    );
    assert.deepEqual(leftoversOf(streams, "OTHER"), []);
    for (const left of leftoversOf(streams, "ORDERS")) {
      assert.match(leftoverText(left), new RegExp(`nats stream rm ${left.name} --force$`));
    }
  });
});
