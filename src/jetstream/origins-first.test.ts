import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { originsFirst } from "./origins-first.ts";

const order = (origins: Readonly<Record<string, readonly string[]>>): string =>
  originsFirst(
    Object.keys(origins).map((key) => ({ key })),
    ({ key }) => key,
    ({ key }) => origins[key] ?? [],
  )
    .map(({ key }) => key)
    .join(" ");

describe("streams whose origins come first", () => {
  it("keep their order but for that, through several steps", () => {
    assert.equal(order({ c: ["b"], x: [], b: ["a"], a: [] }), "a b c x");
    assert.equal(order({ b: [], a: [], c: ["elsewhere"] }), "b a c");
  });

  it("are all there once, also where they copy from each other, or from themselves", () => {
    assert.equal(order({ a: ["b"], b: ["a"], c: ["a", "c"] }), "b a c");
  });
});
