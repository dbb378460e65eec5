import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { randomBytes, sampleBytes } from "../../testing/kernel-samples.ts";
import { Kernels } from "../kernels/kernels.ts";
import { Window } from "../window.ts";
import { S2Decoder } from "./s2-decoder.ts";
import { S2Encoder, type S2EncoderOptions } from "./s2-encoder.ts";

function encode(
  bytes: Uint8Array,
  options: S2EncoderOptions = {},
  pieces: readonly number[] = [bytes.length || 1],
): Uint8Array[] {
  const encoder = new S2Encoder(undefined, options);
  const chunks: Uint8Array[] = [];
  for (let at = 0, index = 0; at < bytes.length; index++) {
    const size = pieces[index % pieces.length] as number;
    chunks.push(...encoder.push(bytes.subarray(at, at + size)));
    at += size;
  }
  return [...chunks, ...encoder.end()];
}

function decode(chunks: readonly Uint8Array[]): Buffer {
  const window = new Window(Kernels.create());
  const decoder = new S2Decoder(window);
  const parts: Uint8Array[] = [];
  for (const chunk of chunks) {
    assert.equal(decoder.push(chunk), chunk.length, "a returned piece is one whole chunk");
    parts.push(window.slice(0, window.length).slice());
    window.consume(window.length);
  }
  decoder.end();
  return Buffer.concat(parts);
}

describe("S2Encoder", () => {
  it("S2-20: writes what is read back, for any bytes, block size, pieces and either way of storing", () => {
    const contents = fc.oneof(
      fc.uint8Array({ maxLength: 4000 }),
      fc
        .record({
          kind: fc.constantFrom("text" as const, "random" as const, "zeros" as const, "periods" as const),
          length: fc.nat(20_000),
          seed: fc.nat(),
        })
        .map(sampleBytes),
    );
    const pieceSizes = fc.array(fc.integer({ min: 1, max: 6000 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(
        contents,
        fc.integer({ min: 1, max: 9000 }),
        fc.boolean(),
        pieceSizes,
        (bytes, blockSize, compress, pieces) => {
          fc.pre(bytes.length / blockSize < 300);
          assert.equal(Buffer.compare(decode(encode(bytes, { blockSize, compress }, pieces)), bytes), 0);
        },
      ),
      { numRuns: 150 },
    );
    const far = sampleBytes({ kind: "far", length: 3_000_000, seed: 1 });
    assert.equal(Buffer.compare(decode(encode(far)), far), 0);
    assert.equal(Buffer.compare(decode(encode(far, { blockSize: 4 * 1024 * 1024 })), far), 0);
  });

  it("S2-21: fills blocks up to the block size, 1 MiB by default", () => {
    const zeros = new Uint8Array(2 * 1024 * 1024 + 1);
    const sizes = (chunks: readonly Uint8Array[]): number[] =>
      chunks.slice(1).map((chunk) => decode([chunks[0] as Uint8Array, chunk]).length);
    assert.deepEqual(sizes(encode(zeros)), [1024 * 1024, 1024 * 1024, 1]);
    assert.deepEqual(sizes(encode(zeros.subarray(0, 25), { blockSize: 10 }, [3, 8])), [10, 10, 5]);
    for (const blockSize of [0, -1, 1.5, Number.NaN, 4 * 1024 * 1024 + 1]) {
      assert.throws(() => new S2Encoder(undefined, { blockSize }), RangeError);
    }
  });

  it("S2-22: stores a block that does not compress, and any block when told to", () => {
    const random = randomBytes(100_000, 1);
    const length = (chunks: readonly Uint8Array[]): number => chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    assert.equal(length(encode(random, { blockSize: 30_000 })), 10 + random.length + 4 * 8);
    assert.equal(length(encode(new Uint8Array(90_000), { blockSize: 30_000, compress: false })), 10 + 90_000 + 3 * 8);
    assert.ok(length(encode(new Uint8Array(90_000))) < 100);
    assert.deepEqual(
      encode(new Uint8Array(90_000), { compress: false })[1]?.subarray(0, 4),
      Uint8Array.of(0x01, 0x94, 0x5f, 0x01),
    );
  });

  it("S2-23: writes the identifier first, once, and alone for no bytes", () => {
    const identifier = Buffer.from("\xff\x06\0\0S2sTwO", "latin1");
    assert.deepEqual(encode(new Uint8Array(0)).map(Buffer.from), [identifier]);
    assert.deepEqual(Buffer.from(encode(new Uint8Array(10))[0] as Uint8Array), identifier);
    assert.equal(encode(new Uint8Array(30), { blockSize: 10 }).length, 4);
    assert.deepEqual(new S2Encoder().push(new Uint8Array(5)), [], "nothing is complete yet");
  });

  it("S2-24: makes everything pushed readable at a flush, and nothing twice", () => {
    const encoder = new S2Encoder(undefined, { blockSize: 1000 });
    const bytes = sampleBytes({ kind: "text", length: 5000, seed: 2 });
    const chunks: Uint8Array[] = [];
    for (let at = 0, size = 1; at < bytes.length; at += size, size += 100) {
      chunks.push(...encoder.push(bytes.subarray(at, at + size)), ...encoder.flush());
      assert.equal(Buffer.compare(decode(chunks), bytes.subarray(0, at + size)), 0);
    }
    assert.deepEqual(encoder.flush(), []);
    assert.deepEqual(encoder.end(), []);
  });

  it("returns pieces that later ones do not change, from kernels that others use as well", () => {
    const kernels = Kernels.create();
    const [one, other] = [new S2Encoder(kernels, { blockSize: 500 }), new S2Encoder(kernels, { blockSize: 700 })];
    const [first, second] = [sampleBytes({ kind: "text", length: 3000, seed: 3 }), randomBytes(3000, 4)];
    const chunks: [Uint8Array[], Uint8Array[]] = [[], []];
    for (let at = 0; at < 3000; at += 100) {
      chunks[0].push(...one.push(first.subarray(at, at + 100)));
      chunks[1].push(...other.push(second.subarray(at, at + 100)));
      kernels.allocate(50_000);
    }
    assert.equal(Buffer.compare(decode([...chunks[0], ...one.end()]), first), 0);
    assert.equal(Buffer.compare(decode([...chunks[1], ...other.end()]), second), 0);
  });
});
