import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Kernels } from "../kernels/kernels.ts";
import { HighwayHash } from "./highway-hash.ts";
import { blockKey, checksumText, consumerKey, streamKey } from "./highway-keys.ts";

/** Bytes that look random and are the same in every run. */
function noise(length: number, seed = 1): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 24;
  });
}

describe("HighwayHash", () => {
  it("gives the reference's values for the key 0..31 and the inputs 0, 0..1, ...", () => {
    // From the test vectors of google/highwayhash (`kExpected64`).
    const key = Uint8Array.from({ length: 32 }, (_, index) => index);
    const expected = [0x907a56de22c26e53n, 0x7eab43aac7cddd78n, 0xb8d0569ab0b53d62n];
    for (const [length, hash] of expected.entries()) {
      const hasher = new HighwayHash(key);
      hasher.update(Uint8Array.from({ length }, (_, index) => index));
      assert.equal(hasher.digest(), hash);
    }
  });

  it("agrees with the kernels for every length, however the input is cut", () => {
    const kernels = Kernels.create();
    const at = kernels.allocate(4096);
    const key = noise(32, 7);
    kernels.setHighwayKey(key);
    for (let length = 0; length < 300; length++) {
      const input = noise(length, length + 1);
      kernels.bytes.set(input, at);
      const expected = kernels.highway64(at, length);
      for (const piece of [1, 7, 32, 33, 300]) {
        const hasher = new HighwayHash(key);
        for (let from = 0; from < length; from += piece) hasher.update(input.subarray(from, from + piece));
        assert.equal(hasher.digest(), expected, `${length} bytes by ${piece}`);
      }
    }
  });
});

describe("highway keys", () => {
  it("are the SHA-256 of the stream's name, with the block's number or the consumer's name", () => {
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
    assert.equal(hex(streamKey("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert.equal(hex(blockKey("ORDERS", 12)), hex(streamKey("ORDERS-12")));
    assert.equal(hex(consumerKey("ORDERS", "c")), hex(streamKey("ORDERS/c")));
  });

  it("are written into meta.sum with the lowest byte first", () => {
    assert.equal(checksumText(0x0123456789abcdefn), "efcdab8967452301");
    assert.equal(checksumText(1n), "0100000000000000");
  });
});
