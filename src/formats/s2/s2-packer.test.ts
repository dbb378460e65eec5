import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sampleBytes } from "../../testing/kernel-samples.ts";
import { Kernels } from "../kernels/kernels.ts";
import { S2Encoder, type S2EncoderOptions } from "./s2-encoder.ts";
import { S2Packer } from "./s2-packer.ts";

const kibibyte = 1024;
const text = sampleBytes({ kind: "text", length: 3_000_000, seed: 1 });
const random = sampleBytes({ kind: "random", length: 400_000, seed: 2 });
/** Blocks that compress, blocks that do not, blocks that are half of either. */
const mixed = Buffer.concat([text.subarray(0, 900_000), random, text.subarray(900_000)]);

function encode(bytes: Uint8Array, options: S2EncoderOptions): Buffer {
  const encoder = new S2Encoder(undefined, options);
  return Buffer.concat([...encoder.push(bytes), ...encoder.end()]);
}

function pack(stored: Uint8Array, pieceBytes: number): Buffer {
  const chunks: Uint8Array[] = [];
  const packer = new S2Packer(Kernels.create(), (chunk) => chunks.push(chunk.slice()));
  for (let at = 0; at < stored.length; at += pieceBytes) packer.push(stored.subarray(at, at + pieceBytes));
  assert.ok(packer.betweenChunks);
  return Buffer.concat(chunks);
}

describe("S2Packer", () => {
  for (const blockSize of [kibibyte, 64 * kibibyte, 1024 * kibibyte, 4096 * kibibyte]) {
    it(`makes of stored blocks of ${blockSize} bytes what an encoder makes that compresses`, () => {
      const stored = encode(mixed, { blockSize, compress: false });
      const expected = encode(mixed, { blockSize });
      assert.ok(expected.length < stored.length);
      for (const pieceBytes of [stored.length, 512 * kibibyte, 4099]) {
        assert.ok(pack(stored, pieceBytes).equals(expected), `in pieces of ${pieceBytes}`);
      }
    });
  }

  it("takes pieces of single bytes, an empty stream, and several streams one after another", () => {
    const one = encode(text.subarray(0, 3000), { blockSize: 1000, compress: false });
    const none = encode(new Uint8Array(0), { compress: false });
    const expected = Buffer.concat([encode(text.subarray(0, 3000), { blockSize: 1000 }), none, none]);
    assert.ok(pack(Buffer.concat([one, none, none]), 1).equals(expected));
  });

  it("knows whether a chunk has come in part", () => {
    const packer = new S2Packer(Kernels.create(), () => {});
    const stored = encode(text.subarray(0, 100), { compress: false });
    assert.ok(packer.betweenChunks);
    packer.push(stored.subarray(0, 10));
    assert.ok(packer.betweenChunks, "behind the identifier");
    packer.push(stored.subarray(10, 12));
    assert.ok(!packer.betweenChunks);
    packer.push(stored.subarray(12));
    assert.ok(packer.betweenChunks);
  });

  it("hands the checksum on: a block that was changed on its way does not fit it", () => {
    const stored = encode(text.subarray(0, 5000), { compress: false });
    const sound = pack(stored, 1000);
    const checksumAt = 10 + 4;
    assert.deepEqual(sound.subarray(checksumAt, checksumAt + 4), stored.subarray(checksumAt, checksumAt + 4));
    stored[2000] = (stored[2000] as number) ^ 1;
    const changed = pack(stored, 1000);
    assert.ok(!changed.equals(sound));
    assert.deepEqual(changed.subarray(checksumAt, checksumAt + 4), sound.subarray(checksumAt, checksumAt + 4));
  });
});
