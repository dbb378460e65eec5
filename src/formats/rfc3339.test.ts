import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseRfc3339 } from "./rfc3339.ts";

describe("an RFC 3339 time", () => {
  it("keeps its nanoseconds, however many digits it has", () => {
    assert.equal(parseRfc3339("1970-01-01T00:00:01Z"), 1_000_000_000n);
    assert.equal(parseRfc3339("1970-01-01T00:00:01.5Z"), 1_500_000_000n);
    assert.equal(parseRfc3339("2026-11-24T10:50:16.20882133Z"), 1_795_517_416_208_821_330n);
    assert.equal(parseRfc3339("2026-11-24T12:50:16.208821331+02:00"), 1_795_517_416_208_821_331n);
  });

  it("may lie before 1970, as the zero time of Go does", () => {
    assert.equal(parseRfc3339("0001-01-01T00:00:00Z"), -62_135_596_800_000_000_000n);
  });

  it("is nothing else", () => {
    for (const text of ["", "yesterday", "2026-11-24", "2026-13-24T10:50:16Z", "2026-11-24T10:50:16"]) {
      assert.equal(parseRfc3339(text), undefined, text);
    }
  });
});
