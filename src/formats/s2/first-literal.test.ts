import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { archiveFixtures } from "../../testing/fixtures.ts";
import { packS2, unpackS2 } from "../../testing/test-archive.ts";
import { firstLiteral } from "./first-literal.ts";

describe("firstLiteral", () => {
  it("is how every server's archive begins", () => {
    for (const { archive } of archiveFixtures()) {
      assert.deepEqual(firstLiteral(archive.subarray(0, 64), 8), unpackS2(archive).subarray(0, 8));
    }
  });

  it("is how stored blocks and long literals begin, and nothing where that is not to be seen", () => {
    const random = crypto.getRandomValues(new Uint8Array(5_000));
    assert.deepEqual(firstLiteral(packS2(random, { compress: false }), 8), random.subarray(0, 8));
    const long = Uint8Array.from([...random, ...new Uint8Array(5_000)]);
    assert.deepEqual(firstLiteral(packS2(long), 8), random.subarray(0, 8));
    assert.equal(firstLiteral(packS2(new Uint8Array(5_000)), 8).length < 8, true);
    for (let length = 0; length < 30; length++) {
      const cut = packS2(random, { compress: false }).subarray(0, length);
      assert.ok(firstLiteral(cut, 8).length <= 8);
    }
    assert.deepEqual(firstLiteral(new Uint8Array(100), 8), new Uint8Array(0));
  });
});
