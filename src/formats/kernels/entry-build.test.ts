import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { entryV2, type TestEntryV2 } from "../../testing/natsarc-writer.ts";
import { join } from "../../testing/test-archive.ts";
import { EntryRows, Kernels } from "./kernels.ts";

const message = fc.record({
  name: fc.string({ minLength: 1, maxLength: 40 }),
  sequence: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })),
  time: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  headers: fc.string({ maxLength: 300 }),
  payload: fc.uint8Array({ maxLength: 300 }),
});

/** Scans entries and builds them again into areas of a size. */
function rebuilt(entries: Uint8Array, areaBytes: number): Uint8Array {
  const kernels = Kernels.create();
  const at = kernels.allocate(entries.length);
  kernels.bytes.set(entries, at);
  const rows = new EntryRows(kernels);
  const { count } = kernels.scanEntries(at, at + entries.length, rows);
  const out = kernels.allocate(areaBytes);
  const pieces: Uint8Array[] = [];
  for (let row = 0; row < count; ) {
    const built = kernels.buildEntries(rows, row, count, { out, outEnd: out + areaBytes });
    assert.ok(built.count > 0 && built.next <= out + areaBytes);
    pieces.push(kernels.bytes.slice(out, built.next));
    row += built.count;
  }
  return join(pieces);
}

describe("buildEntries", () => {
  it("writes what a scan read, byte by byte", () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 50 }), fc.integer({ min: 1200, max: 20_000 }), (messages, area) => {
        const entries = join(messages.map((entry: TestEntryV2) => entryV2(entry)));
        assert.deepEqual(rebuilt(entries, area), entries);
      }),
    );
  });

  it("takes no row that might not fit", () => {
    const kernels = Kernels.create();
    const entry = entryV2({ name: "a.subject", sequence: 1, payload: "x".repeat(100) });
    const at = kernels.allocate(entry.length);
    kernels.bytes.set(entry, at);
    const rows = new EntryRows(kernels);
    kernels.scanEntries(at, at + entry.length, rows);
    const out = kernels.allocate(400);
    for (const [size, count] of [
      [158, 0],
      [159, 1],
    ] as const) {
      const built = kernels.buildEntries(rows, 0, 1, { out, outEnd: out + size });
      assert.deepEqual([built.count, built.next - out], [count, count * entry.length]);
    }
  });
});
