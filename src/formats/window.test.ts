import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isRelightError } from "../errors.ts";
import { Kernels, slackBytes } from "./kernels/kernels.ts";
import { Window } from "./window.ts";

/** Writes bytes behind the content, and into the slack as a kernel may. */
function add(window: Window, bytes: Uint8Array): void {
  const at = window.reserve(bytes.length);
  assert.equal(at, window.end);
  window.kernels.bytes.fill(0xee, at, at + bytes.length + slackBytes);
  window.kernels.bytes.set(bytes, at);
  window.commit(bytes.length);
}

describe("Window", () => {
  it("is a queue of bytes, whatever is added and consumed in whatever order, and its neighbours stay whole", () => {
    const steps = fc.array(fc.oneof(fc.record({ add: fc.nat(3000) }), fc.record({ consume: fc.nat(4000) })), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 2000 }), (list, capacity) => {
        const kernels = Kernels.create();
        const before = kernels.allocate(64);
        kernels.bytes.fill(1, before, before + 64);
        const window = new Window(kernels, capacity);
        const after = kernels.allocate(64);
        kernels.bytes.fill(2, after, after + 64);
        let model: number[] = [];
        let next = 0;
        let consumed = 0;
        for (const step of list) {
          if ("add" in step) {
            const bytes = Uint8Array.from({ length: step.add }, () => next++ % 251);
            add(window, bytes);
            model.push(...bytes);
          } else {
            const count = Math.min(step.consume, window.length);
            window.consume(count);
            model = model.slice(count);
            consumed += count;
          }
          assert.equal(window.length, model.length);
          assert.equal(window.consumedBytes, consumed);
          assert.deepEqual(window.slice(0, window.length), Uint8Array.from(model));
        }
        assert.ok(kernels.bytes.subarray(before, before + 64).every((byte) => byte === 1));
        assert.ok(kernels.bytes.subarray(after, after + 64).every((byte) => byte === 2));
      }),
      { numRuns: 100 },
    );
  });

  it("takes no more memory for a stream of any length", () => {
    const kernels = Kernels.create();
    const window = new Window(kernels, 100_000);
    const size = kernels.bytes.length;
    for (let round = 0; round < 500; round++) {
      add(window, new Uint8Array(50_000));
      window.consume(window.length - (round % 40_000));
    }
    assert.equal(kernels.bytes.length, size);
  });

  it("grows for one large item, in place once it is the newest area", () => {
    const kernels = Kernels.create();
    const window = new Window(kernels, 1000);
    kernels.allocate(10);
    const mebibyte = 1024 * 1024;
    for (let index = 0; index < 40; index++) add(window, new Uint8Array(mebibyte).fill(index));
    assert.equal(window.length, 40 * mebibyte);
    for (let index = 0; index < 40; index++) assert.equal(window.slice(index * mebibyte, 1)[0], index);
    assert.ok(kernels.bytes.length < 70 * mebibyte, "doubling without reuse would take over 100 MiB");
  });

  it("refuses an item over its limit, and says where in the stream it is", () => {
    const window = new Window(Kernels.create(), 1000, 5000);
    add(window, new Uint8Array(900));
    window.consume(700);
    add(window, new Uint8Array(4800));
    assert.throws(
      () => window.reserve(1),
      (error) =>
        isRelightError(error, "ARCHIVE_DAMAGED") &&
        error.context.offset === 700 &&
        /more than 5000 bytes/.test(error.message),
    );
  });

  it("allows by default any single item that the formats allow, with a block of 4 MiB behind it", () => {
    const window = new Window(Kernels.create());
    const mebibyte = 1024 * 1024;
    for (let index = 0; index < 66; index++) {
      window.reserve(mebibyte);
      window.commit(mebibyte);
    }
    window.reserve(4 * mebibyte);
    assert.throws(() => window.reserve(7 * mebibyte), /more than/);
  });
});
