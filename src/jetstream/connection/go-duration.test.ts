import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRelightError } from "../../errors.ts";
import { formatGoDuration, parseGoDuration } from "./go-duration.ts";

describe("a duration in Go's syntax", () => {
  const durations: readonly [string, number][] = [
    ["5s", 5_000],
    ["1m30s", 90_000],
    ["500ms", 500],
    ["1.5h", 5_400_000],
    [".5s", 500],
    ["2h45m0.5s", 9_900_500],
    ["1500us", 1.5],
    ["1500µs", 1.5],
    ["1000000ns", 1],
    ["2d", 172_800_000],
    ["1w", 604_800_000],
    ["1M", 2_592_000_000],
    ["1y", 31_536_000_000],
    ["0", 0],
    ["-1s", -1_000],
    [" 3s ", 3_000],
  ];
  for (const [text, milliseconds] of durations) {
    it(`reads "${text}" as ${milliseconds} ms`, () => assert.equal(parseGoDuration(text, "--timeout"), milliseconds));
  }

  for (const text of ["", "5", "s", "5 s", "1s2", "five", "1s-1s", "1e3s", "5sec", "--1s", "∞"]) {
    it(`refuses "${text}" and says where it came from`, () => {
      assert.throws(
        () => parseGoDuration(text, "$NATS_TIMEOUT"),
        (error) => isRelightError(error, "USAGE") && error.message.startsWith("$NATS_TIMEOUT: "),
      );
    });
  }

  it("is written as Go writes it", () => {
    assert.deepEqual([0, 1, 999, 1_000, 1_500, 60_000, 90_000, 3_600_000, 3_661_001, -500].map(formatGoDuration), [
      "0s",
      "1ms",
      "999ms",
      "1s",
      "1.5s",
      "1m0s",
      "1m30s",
      "1h0m0s",
      "1h1m1.001s",
      "-500ms",
    ]);
  });
});
