import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SpareMemory } from "./spare-memory.ts";

describe("spare memory", () => {
  it("goes to one taker at a time, by size, and is not hoarded", () => {
    const spare = new SpareMemory<Uint8Array>((bytes) => new Uint8Array(bytes), 8);
    const takeMemory = (bytes: number): Uint8Array => spare.take(bytes);
    const giveMemory = (memory: Uint8Array): void => spare.give(memory);
    const first = takeMemory(1_234);
    const second = takeMemory(1_234);
    assert.notEqual(first, second);
    giveMemory(first);
    assert.notEqual(takeMemory(4_321), first);
    assert.equal(takeMemory(1_234), first);
    assert.notEqual(takeMemory(1_234), first);
    // Given back twice, it still goes to one.
    giveMemory(first);
    giveMemory(first);
    assert.notEqual(takeMemory(1_234), takeMemory(1_234));
    for (let index = 0; index < 100; index++) giveMemory(new Uint8Array(99).fill(index + 1));
    const used = Array.from({ length: 20 }, () => takeMemory(99)).filter((memory) => memory[0] !== 0);
    assert.equal(used.length, 8);
  });
});
