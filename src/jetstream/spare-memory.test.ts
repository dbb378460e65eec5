import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { giveMemory, takeMemory } from "./spare-memory.ts";

describe("spare memory", () => {
  it("goes to one taker at a time, by size, and is not hoarded", () => {
    const first = takeMemory(1_234);
    const second = takeMemory(1_234);
    assert.notEqual(first, second);
    giveMemory(first);
    assert.notEqual(takeMemory(4_321), first);
    assert.equal(takeMemory(1_234), first);
    assert.notEqual(takeMemory(1_234), first);
    for (let index = 0; index < 100; index++) giveMemory(new Uint8Array(99).fill(index + 1));
    const used = Array.from({ length: 20 }, () => takeMemory(99)).filter((memory) => memory[0] !== 0);
    assert.equal(used.length, 8);
  });
});
