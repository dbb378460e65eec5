import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { deflateRawSync } from "node:zlib";
import { JsonRecords } from "./json-records.ts";

describe("JsonRecords", () => {
  it("are valid JSON of exactly the size, at every size", () => {
    const records = new JsonRecords(3);
    for (let size = 256; size < 2_000; size++) {
      const text = records.next(size);
      assert.equal(Buffer.byteLength(text), size);
      assert.doesNotThrow(() => JSON.parse(text), text);
    }
    assert.throws(() => records.next(100), RangeError);
  });

  it("differ from each other, and are the same for the same seed", () => {
    const [one, two] = [new JsonRecords(5), new JsonRecords(5)];
    const first = Array.from({ length: 1_000 }, () => one.next(512));
    assert.deepEqual(
      first,
      Array.from({ length: 1_000 }, () => two.next(512)),
    );
    assert.equal(new Set(first).size, 1_000);
  });

  it("compress as records do, to between a tenth and a half", () => {
    const records = new JsonRecords(1);
    const all = Array.from({ length: 2_000 }, () => records.next(512)).join("");
    const ratio = deflateRawSync(all).length / all.length;
    assert.ok(ratio > 0.1 && ratio < 0.5, `${ratio}`);
  });
});
