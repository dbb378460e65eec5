import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { peerIdOf } from "./peer-id.ts";

describe("peerIdOf", () => {
  it("gives the ids that servers show", () => {
    const seen = { n1: "fjFyEjc1", n2: "44jzkV9D", n3: "BXScrY9i", n4: "C7B8kAbl", n5: "C8OtEtgR" };
    for (const [name, id] of Object.entries(seen)) assert.equal(peerIdOf(name), id);
  });
});
