import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { uvarint, varint } from "../../testing/index-db-writer.ts";
import { MalformedBytes } from "../byte-reader.ts";
import { decodeConsumerState } from "./consumer-state.ts";

const bytes = (...parts: (number | readonly number[])[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === "number" ? uvarint(part) : part)));

/** Version 2: floor (100, 90), delivered (120, 130), three pending, two delivered again. */
const version2 = bytes(
  ...[22, 2, 100, 90, 120, 130],
  ...[3, varint(1_700_000_100n)],
  ...[40, 20, varint(100n)],
  ...[1, 1, varint(0n)],
  ...[10, 11, varint(-1n)],
  ...[2, 10, 5, 1, 2],
);

describe("decoding a consumer's state", () => {
  it("V1-51 reads version 2: distances from the floor, seconds before a base, in any order", () => {
    const state = decodeConsumerState(version2);
    assert.deepEqual(state.ackFloor, { consumer: 100, stream: 90 });
    assert.deepEqual(state.delivered, { consumer: 120, stream: 130 });
    assert.equal(state.pending.length, 3);
    assert.deepEqual([...state.pending.stream], [91, 100, 130]);
    assert.deepEqual([...state.pending.consumer], [101, 111, 120]);
    assert.deepEqual(
      [...state.pending.time],
      [1_700_000_100_000_000_000n, 1_700_000_101_000_000_000n, 1_700_000_000_000_000_000n],
    );
    assert.deepEqual([...state.redelivered.stream], [91, 100]);
    assert.deepEqual([...state.redelivered.count], [2, 5]);
  });

  it("V1-51 reads version 1: the delivery as an offset, seconds behind a base, no delivery numbers", () => {
    const state = decodeConsumerState(bytes(22, 1, 100, 90, 21, 41, 1, varint(1_700_000_000n), 5, varint(7n), 0));
    assert.deepEqual(state.delivered, { consumer: 120, stream: 130 });
    assert.deepEqual([...state.pending.stream], [95]);
    assert.deepEqual([...state.pending.consumer], [0]);
    assert.deepEqual([...state.pending.time], [1_700_000_007_000_000_000n]);
    const fresh = decodeConsumerState(bytes(22, 1, 1, 1, 3, 4, 0, 0));
    assert.deepEqual(fresh.delivered, { consumer: 3, stream: 4 });
  });

  it("V1-51 reads a consumer that never delivered", () => {
    const state = decodeConsumerState(bytes(22, 2, 0, 0, 0, 0, 0, 0));
    assert.deepEqual([state.pending.length, state.redelivered.length], [0, 0]);
  });

  it("V1-51 reads distances from below the floor, which wrap around", () => {
    const below = uvarint(2n ** 64n - 3n);
    const state = decodeConsumerState(bytes(22, 2, 100, 90, 120, 130, 0, 1, below, 4));
    assert.deepEqual([...state.redelivered.stream], [87]);
  });

  it("V1-51 refuses what is cut off, too long, of another kind, or has a sequence twice", () => {
    const refuses = (state: Uint8Array): void => assert.throws(() => decodeConsumerState(state), MalformedBytes);
    for (let length = 0; length < version2.length; length++) refuses(version2.subarray(0, length));
    refuses(bytes([...version2], 0));
    refuses(bytes(23, 2, 0, 0, 0, 0, 0, 0));
    refuses(bytes(22, 3, 0, 0, 0, 0, 0, 0));
    refuses(bytes(22, 2, 0, 0, 2, 2, 2, varint(5n), 1, 1, varint(0n), 1, 2, varint(0n), 0));
    refuses(bytes(22, 2, 0, 0, 2, 2, 1, varint(5n), 0, 1, varint(0n), 0));
    // Claims a trillion pending messages: the bytes run out, nothing is allocated for them.
    refuses(bytes(22, 2, 0, 0, 2, 2, 1_000_000_000_000, varint(5n), 1, 1, varint(0n)));
  });
});
