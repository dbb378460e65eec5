import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Kernels, RecordRows, slackBytes } from "./kernels.ts";

describe("the memory of the kernels", () => {
  it("gives out areas that are aligned, apart by their slack, and readable up to the last slack", () => {
    const kernels = Kernels.create();
    let previousEnd = 0;
    for (const bytes of [1, 63, 64, 65, 0, 100_000, 7, 1_000_000]) {
      const at = kernels.allocate(bytes);
      assert.equal(at % 64, 0);
      assert.ok(at >= previousEnd, "areas overlap");
      previousEnd = at + bytes + slackBytes;
      assert.ok(previousEnd <= kernels.bytes.length);
    }
  });

  it("keeps its content when it grows, and shows it through the new views", () => {
    const kernels = Kernels.create();
    const at = kernels.allocate(4);
    kernels.view.setUint32(at, 0xcafef00d, true);
    const before = kernels.bytes;
    kernels.allocate(10_000_000);
    assert.equal(before.length, 0, "the old view is detached");
    assert.equal(kernels.view.getUint32(at, true), 0xcafef00d);
    assert.equal(kernels.bytes[at], 0x0d);
  });

  it("enlarges the newest area in place and moves an older one with its content", () => {
    const kernels = Kernels.create();
    const older = kernels.allocate(100);
    const newest = kernels.allocate(100);
    kernels.bytes.fill(1, older, older + 100);
    kernels.bytes.fill(2, newest, newest + 100);
    assert.equal(kernels.enlarge(newest, 100, 500_000), newest);
    const moved = kernels.enlarge(older, 100, 200);
    assert.ok(moved >= newest + 500_000 + slackBytes);
    assert.ok(kernels.bytes.subarray(moved, moved + 100).every((byte) => byte === 1));
    assert.ok(kernels.bytes.subarray(newest, newest + 100).every((byte) => byte === 2));
  });

  it("refuses to pass 1 GiB", () => {
    const kernels = Kernels.create();
    assert.throws(() => kernels.allocate(1024 * 1024 * 1024), RangeError);
    assert.ok(kernels.allocate(10) > 0, "the instance stays usable");
  });

  it("is separate for every instance", () => {
    const [one, other] = [Kernels.create(), Kernels.create()];
    const at = one.allocate(8);
    one.bytes[at] = 9;
    assert.notEqual(one.bytes.buffer, other.bytes.buffer);
    one.setHighwayKey(new Uint8Array(32).fill(1));
    other.setHighwayKey(new Uint8Array(32).fill(2));
    assert.notEqual(one.highway64(at, 0), other.highway64(at, 0));
  });

  it("shows the columns of rows anew after it grew", () => {
    const kernels = Kernels.create();
    const rows = new RecordRows(kernels, 10);
    rows.sequence[9] = 42;
    rows.subjectLength[9] = 7;
    const stale = rows.sequence;
    kernels.allocate(10_000_000);
    assert.equal(stale.length, 0);
    assert.equal(rows.sequence[9], 42);
    assert.equal(rows.subjectLength[9], 7);
    assert.equal(rows.sequence, rows.sequence, "the same view as long as nothing grew");
  });

  it("can be shared: other views see what kernels write, and old ones stay valid when it grows", () => {
    const kernels = Kernels.create({ shared: true });
    const at = kernels.allocate(64);
    const elsewhere = new Uint8Array(kernels.bytes.buffer);
    assert.ok(elsewhere.buffer instanceof SharedArrayBuffer);
    kernels.allocate(10_000_000);
    kernels.setHighwayKey(new Uint8Array(32).fill(1));
    kernels.buildSkipped(at, 7, 9n);
    assert.deepEqual(elsewhere.slice(at, at + 30), kernels.bytes.slice(at, at + 30));
    assert.equal(elsewhere[at], 30);

    const own = Kernels.create();
    own.setHighwayKey(new Uint8Array(32).fill(1));
    const there = own.allocate(64);
    own.buildSkipped(there, 7, 9n);
    assert.deepEqual(own.bytes.slice(there, there + 30), kernels.bytes.slice(at, at + 30));
  });
});
