import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { BlockQueue } from "./block-queue.ts";

const block = 512 * 1024;

describe("the queue of blocks that are used again", () => {
  it("hands out what was pushed, in full blocks and a rest", async () => {
    const pieces = [1, 100_000, block, 3 * block + 7, 20].map((size) => randomBytes(size));
    const queue = new BlockQueue();
    pieces.slice(0, 2).forEach((piece) => {
      queue.push(piece);
    });
    setTimeout(() => {
      for (const piece of pieces.slice(2)) {
        // The pusher's memory is its own again.
        const lent = Buffer.from(piece);
        queue.push(lent);
        lent.fill(0);
      }
      queue.end();
    }, 5);
    const sizes: number[] = [];
    const seen: Buffer[] = [];
    for await (const piece of queue) {
      sizes.push(piece.length);
      seen.push(Buffer.from(piece));
    }
    assert.ok(Buffer.concat(seen).equals(Buffer.concat(pieces)));
    assert.deepEqual([...new Set(sizes.slice(0, -1))], [block]);
    assert.equal(queue.bytes, 0);
  });

  it("uses the memory of a block again, once the reader has come back", async () => {
    const queue = new BlockQueue();
    const reader = queue[Symbol.asyncIterator]();
    const seen = new Set<ArrayBufferLike>();
    for (let round = 0; round < 10; round++) {
      queue.push(new Uint8Array(block).fill(round));
      const { value } = await reader.next();
      assert.ok(value && value[0] === round && value[block - 1] === round);
      seen.add(value.buffer);
    }
    assert.equal(seen.size, 2);
  });

  it("counts bytes until the reader comes back for the next, and tells", async () => {
    let taken = 0;
    const queue = new BlockQueue(() => taken++);
    queue.push(new Uint8Array(block + 5));
    queue.end();
    const reader = queue[Symbol.asyncIterator]();
    await reader.next();
    assert.deepEqual([queue.bytes, taken], [block + 5, 0]);
    await reader.next();
    assert.deepEqual([queue.bytes, taken], [5, 1]);
    assert.equal((await reader.next()).done, true);
    assert.deepEqual([queue.bytes, taken], [0, 2]);
  });
});
