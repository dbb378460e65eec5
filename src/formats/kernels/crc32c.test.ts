import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import fc from "fast-check";
import { randomBytes, type SampleReference, sampleBytes } from "../../testing/kernel-samples.ts";
import { Kernels } from "./kernels.ts";

const vectors: { data: SampleReference; crc: string }[] = JSON.parse(
  readFileSync(new URL("./testdata/crc32c.json", import.meta.url), "utf8"),
);
const kernels = Kernels.create();
const area = kernels.allocate(1_100_000);

function crc(bytes: Uint8Array, shift = 0): number {
  kernels.bytes.set(bytes, area + shift);
  // What lies behind the bytes must not matter.
  kernels.bytes.fill(0xa5, area + shift + bytes.length, area + shift + bytes.length + 64);
  return kernels.crc32c(area + shift, bytes.length);
}

/** The definition: one bit at a time. */
function crcByDefinition(bytes: Uint8Array, seed = 0): number {
  let state = ~seed;
  for (const byte of bytes) {
    state ^= byte;
    for (let bit = 0; bit < 8; bit++) state = state & 1 ? (state >>> 1) ^ 0x82f63b78 : state >>> 1;
  }
  return ~state >>> 0;
}

describe("CRC-32C", () => {
  it("gives the known answers of RFC 3720", () => {
    assert.equal(crc(new TextEncoder().encode("123456789")), 0xe3069283);
    assert.equal(crc(new Uint8Array(32)), 0x8a9136aa);
    assert.equal(crc(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
    assert.equal(crc(Uint8Array.from({ length: 32 }, (_, index) => index)), 0x46dd794e);
    assert.equal(crc(Uint8Array.from({ length: 32 }, (_, index) => 31 - index)), 0x113fdb5c);
  });

  for (const { data, crc: expected } of vectors) {
    it(`gives Go's answer for ${data.length} bytes`, () => {
      assert.equal(crc(sampleBytes(data)).toString(16).padStart(8, "0"), expected);
    });
  }

  it("folds by a polynomial that the CRC's divides: 1 + x^(8*3859) + x^(8*4146) + x^(8*5424)", () => {
    // The remainder of x^(8n): shift one bit n times eight times.
    const power = (bytes: number): number => {
      let state = 0x80000000;
      for (let bit = 0; bit < bytes * 8; bit++) state = state & 1 ? (state >>> 1) ^ 0x82f63b78 : state >>> 1;
      return state;
    };
    assert.equal(power(0) ^ power(5424 - 1565) ^ power(5424 - 1278) ^ power(5424), 0);
  });

  it("agrees with the definition at every length around the changes of method", () => {
    const sample = randomBytes(30_000, 11);
    const lengths = [8192, 8192 + 63, 5424 + 16_384, 5424 + 16_384 + 64].flatMap((middle) =>
      [-65, -16, -1, 0, 1, 15, 16, 63, 64].map((by) => middle + by),
    );
    for (const length of lengths) {
      assert.equal(crc(sample.subarray(0, length)), crcByDefinition(sample.subarray(0, length)), `length ${length}`);
    }
  });

  it("agrees with the definition for any bytes at any address", () => {
    fc.assert(
      fc.property(fc.nat(12_000), fc.nat(15), fc.nat(1_000_000), (length, shift, seed) => {
        const bytes = randomBytes(length, seed);
        assert.equal(crc(bytes, shift), crcByDefinition(bytes));
      }),
      { numRuns: 60 },
    );
  });

  it("continues from the CRC of what went before", () => {
    const bytes = randomBytes(60_000, 12);
    const whole = crc(bytes);
    for (const cut of [0, 1, 100, 9000, 30_000, 59_999, 60_000]) {
      const first = kernels.crc32c(area, cut);
      assert.equal(kernels.crc32c(area + cut, bytes.length - cut, first), whole, `cut at ${cut}`);
    }
  });

  it("notices every single flipped bit", () => {
    const bytes = randomBytes(20_000, 13);
    const whole = crc(bytes);
    for (let at = 0; at < bytes.length; at += 97) {
      kernels.bytes[area + at] = (kernels.bytes[area + at] as number) ^ (1 << (at % 8));
      assert.notEqual(kernels.crc32c(area, bytes.length), whole, `bit in byte ${at}`);
      kernels.bytes[area + at] = bytes[at] as number;
    }
  });
});
