import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nanoseconds } from "./nanoseconds.ts";

describe("nanoseconds", () => {
  it("keeps every digit of a server's time", () => {
    assert.equal(nanoseconds("1970-01-01T00:00:01.000000001Z"), 1_000_000_001n);
    assert.equal(nanoseconds("2026-08-21T10:00:00.123456789Z") % 1_000_000_000n, 123_456_789n);
  });

  it("pads a fraction that lost its trailing zeros, and takes none at all", () => {
    assert.equal(nanoseconds("1970-01-01T00:00:00.5Z"), 500_000_000n);
    assert.equal(nanoseconds("1970-01-01T00:00:02Z"), 2_000_000_000n);
  });

  it("takes Go's zero time and other zones", () => {
    assert.equal(nanoseconds("0001-01-01T00:00:00Z"), -62_135_596_800n * 1_000_000_000n);
    assert.equal(nanoseconds("1970-01-01T02:00:00+02:00"), 0n);
  });

  it("refuses what is no time", () => {
    assert.throws(() => nanoseconds("yesterday"), /not an RFC 3339 time/);
    assert.throws(() => nanoseconds("2026-13-01T00:00:00Z"), /not a time/);
  });
});
