import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { randomBytes } from "../../testing/kernel-samples.ts";
import { Kernels } from "./kernels.ts";

interface Vectors {
  readonly key: string;
  readonly seed: number;
  /** Sums of the first 0, 1, 2, ... bytes. */
  readonly sums: readonly string[];
  readonly larger: Readonly<Record<string, string>>;
}
const vectors: readonly Vectors[] = JSON.parse(
  readFileSync(new URL("./testdata/highwayhash64.json", import.meta.url), "utf8"),
);
const kernels = Kernels.create();

/** As it is stored: little-endian bytes, in hex. */
function hash(bytes: Uint8Array, shift: number): string {
  const at = kernels.allocate(bytes.length + 32) + shift;
  kernels.bytes.set(bytes, at);
  // What lies behind the bytes must not matter.
  kernels.bytes.fill(0xff, at + bytes.length, at + bytes.length + 32);
  const stored = Buffer.alloc(8);
  stored.writeBigUInt64LE(kernels.highway64(at, bytes.length));
  return stored.toString("hex");
}

describe("HighwayHash-64", () => {
  for (const { key, seed, sums, larger } of vectors) {
    it(`gives minio/highwayhash's sum of every length from 0 to ${sums.length - 1}, key ${key.slice(0, 8)}...`, () => {
      kernels.setHighwayKey(Buffer.from(key, "hex"));
      const bytes = randomBytes(sums.length, seed);
      for (const [length, sum] of sums.entries()) {
        assert.equal(hash(bytes.subarray(0, length), length % 16), sum, `length ${length}`);
      }
    });

    it(`gives its sum of larger inputs, key ${key.slice(0, 8)}...`, () => {
      kernels.setHighwayKey(Buffer.from(key, "hex"));
      for (const [length, sum] of Object.entries(larger)) {
        assert.equal(hash(randomBytes(Number(length), seed), 1), sum, `length ${length}`);
      }
    });
  }

  it("refuses a key that is not 32 bytes long", () => {
    assert.throws(() => kernels.setHighwayKey(new Uint8Array(31)), /32 bytes, not 31/);
  });
});
