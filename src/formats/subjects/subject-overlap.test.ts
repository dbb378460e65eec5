import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { subjectsOverlap } from "./subject-overlap.ts";

describe("two subject patterns", () => {
  const overlapping = [
    ["orders", "orders"],
    ["orders.*", "orders.new"],
    ["orders.>", "orders.new.eu"],
    ["orders.>", "orders.*"],
    ["*.new", "orders.*"],
    [">", "anything.at.all"],
    ["a.*.c", "*.b.*"],
  ] as const;
  for (const [a, b] of overlapping) {
    it(`${a} and ${b} overlap, both ways`, () => {
      assert.ok(subjectsOverlap(a, b));
      assert.ok(subjectsOverlap(b, a));
    });
  }
  const apart = [
    ["orders", "order"],
    ["orders.*", "orders"],
    ["orders.>", "orders"],
    ["orders.*", "orders.new.eu"],
    ["a.*.c", "a.b.d"],
    ["a.b", "a.b.c"],
  ] as const;
  for (const [a, b] of apart) {
    it(`${a} and ${b} do not, either way`, () => {
      assert.ok(!subjectsOverlap(a, b));
      assert.ok(!subjectsOverlap(b, a));
    });
  }
});
