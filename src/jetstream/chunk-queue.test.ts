import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BlockQueue } from "./block-queue.ts";
import { ChunkQueue } from "./chunk-queue.ts";

const chunk = (value: number): Uint8Array => new Uint8Array([value]);

describe("the queue between a callback and a reader", () => {
  it("hands out what was pushed, in order, before and while it is read", async () => {
    const queue = new ChunkQueue();
    for (let value = 0; value < 150; value++) queue.push(chunk(value));
    const seen: number[] = [];
    setTimeout(() => {
      for (let value = 150; value < 250; value++) queue.push(chunk(value));
      queue.end();
    }, 5);
    for await (const piece of queue) seen.push(piece[0] ?? -1);
    assert.deepEqual(
      seen,
      Array.from({ length: 250 }, (_, value) => value),
    );
    assert.equal(queue.bytes, 0);
  });

  it("counts a chunk until the reader comes back for the next, and tells", async () => {
    let taken = 0;
    const queue = new ChunkQueue(() => taken++);
    queue.push(chunk(1));
    queue.push(chunk(2));
    queue.end();
    const reader = queue[Symbol.asyncIterator]();
    await reader.next();
    assert.deepEqual([queue.bytes, taken], [2, 0]);
    await reader.next();
    assert.deepEqual([queue.bytes, taken], [1, 1]);
    assert.equal((await reader.next()).done, true);
    assert.deepEqual([queue.bytes, taken], [0, 2]);
  });
});

for (const Queue of [ChunkQueue, BlockQueue]) {
  describe(`a ${Queue.name} that fails`, () => {
    it("gives what came before an error, then the error", async () => {
      const queue = new Queue();
      queue.push(chunk(1));
      queue.fail(new Error("cut"));
      const seen: number[] = [];
      await assert.rejects(async () => {
        for await (const piece of queue) seen.push(piece[0] ?? -1);
      }, /cut/);
      assert.deepEqual(seen, [1]);
    });

    it("ends as it was said first", async () => {
      const queue = new Queue();
      queue.end();
      queue.fail(new Error("late"));
      for await (const _ of queue) assert.fail("nothing was pushed");
    });
  });
}
