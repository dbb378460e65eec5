import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MessageTable } from "./message-table.ts";

const none = new Uint8Array(0);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("MessageTable", () => {
  it("gives back what was pushed, far beyond its first capacity", () => {
    const table = new MessageTable();
    for (let i = 1; i <= 5_000; i++) table.push(i * 3, BigInt(i), `s.${i % 7}`, none, bytes(`${i}`));
    assert.equal(table.length, 5_000);
    const message = table.find(9_000);
    assert.deepEqual([message?.time, message?.subject, message?.payloadSize], [3_000n, "s.4", 4]);
    assert.equal(table.find(9_001), undefined);
    assert.deepEqual(table.sequences().slice(-2), [14_997, 15_000]);
  });

  it("hashes headers and payload apart", () => {
    const table = new MessageTable();
    table.push(1, 0n, "a", bytes("H"), bytes("P"));
    table.push(2, 0n, "a", bytes("H"), bytes("Q"));
    table.push(3, 0n, "a", none, bytes("Q"));
    const [first, second, third] = table;
    assert.equal(first?.headerHash, second?.headerHash);
    assert.notEqual(first?.payloadHash, second?.payloadHash);
    assert.equal(third?.headerHash, "");
    assert.equal(second?.payloadHash, third?.payloadHash);
  });

  it("keeps a copy of the content where asked to, and none otherwise", () => {
    const payload = bytes("before");
    const keeping = new MessageTable({ keepContent: true });
    keeping.push(1, 0n, "a", none, payload);
    const hashing = new MessageTable();
    hashing.push(1, 0n, "a", none, payload);
    payload.fill(0);
    assert.equal(Buffer.from(keeping.at(0).payload ?? none).toString(), "before");
    assert.equal(hashing.at(0).payload, undefined);
  });

  it("refuses a sequence that does not ascend, and a position that is not there", () => {
    const table = new MessageTable();
    table.push(5, 0n, "a", none, none);
    assert.throws(() => table.push(5, 0n, "a", none, none), /came after 5/);
    assert.throws(() => table.at(1), RangeError);
  });
});
