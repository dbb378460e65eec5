import { createCipheriv, createHash } from "node:crypto";

/**
 * Incompressible bytes that are the same for the same seed, on every machine: `next(size)` returns the next ones.
 * A stream cipher over zeros, because that makes gigabytes a second.
 */
export class RandomBytes {
  readonly #cipher: ReturnType<typeof createCipheriv>;

  constructor(seed: string | number) {
    const key = createHash("sha256").update(`relight ${seed}`).digest();
    this.#cipher = createCipheriv("aes-256-ctr", key, Buffer.alloc(16));
  }

  next(size: number): Uint8Array {
    return this.#cipher.update(new Uint8Array(size));
  }
}
