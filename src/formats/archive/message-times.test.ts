import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MessageTimes } from "./message-times.ts";

const count = 50_000;

/** Sequences 10, 20, 30, ... at times of a thousand each, handed over in batches of different sizes, or one by one. */
function filled(batch: number): MessageTimes {
  const times = new MessageTimes();
  for (let from = 0; from < count; from += batch) {
    const rows = Math.min(batch, count - from);
    const sequences = Float64Array.from({ length: rows }, (_, row) => (from + row + 1) * 10);
    const stamps = BigInt64Array.from({ length: rows }, (_, row) => BigInt(from + row + 1) * 1000n);
    if (batch === 1) times.add(sequences[0] as number, stamps[0] as bigint);
    else times.addRows(sequences, stamps, rows);
  }
  return times;
}

describe("the times of messages", () => {
  for (const batch of [1, 7, 4096, 9_999, count]) {
    it(`V1-28 are exact near both ends, and off to the asked side between, in batches of ${batch}`, () => {
      const times = filled(batch);
      for (const index of [1, 2, 1_000, 4_096, count - 4_095, count - 1, count]) {
        assert.equal(times.exact(index * 10), BigInt(index) * 1000n, `${index}`);
      }
      for (const index of [4_098, 20_000, 31_234, count - 4_100]) {
        const [before, after] = [times.notAfter(index * 10) ?? 0n, times.notBefore(index * 10) ?? 0n];
        const exact = BigInt(index) * 1000n;
        assert.ok(before <= exact && before > exact - 1_100_000n, `${index}: ${before}`);
        assert.ok(after >= exact && after < exact + 1_100_000n, `${index}: ${after}`);
      }
      assert.equal(times.exact(15), undefined);
    });
  }

  it("are unknown when there is no message", () => {
    const times = new MessageTimes();
    assert.deepEqual([times.exact(1), times.notAfter(1), times.notBefore(1)], [undefined, undefined, undefined]);
  });
});
