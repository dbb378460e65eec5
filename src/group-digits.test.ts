import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { groupDigits } from "./group-digits.ts";

describe("groupDigits", () => {
  it("does as English does", () => {
    for (const integer of [0, 7, 999, 1_000, 12_345, 999_999, 1_000_000, 9_007_199_254_740_991, -1, -999, -1_234_567]) {
      assert.equal(groupDigits(integer), integer.toLocaleString("en"));
    }
  });
});
