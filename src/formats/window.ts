import { RelightError } from "../errors.ts";
import type { Kernels } from "./kernels/kernels.ts";

const mebibyte = 1024 * 1024;

/**
 * Decoded bytes that wait to be parsed, inside kernel memory: [start, end). It stays at its capacity, and grows only for a
 * single item that is larger, up to a limit that no honest item reaches.
 */
export class Window {
  readonly kernels: Kernels;
  readonly #limit: number;
  #base: number;
  #capacity: number;
  #consumed = 0;
  start: number;
  end: number;

  constructor(kernels: Kernels, capacity = 6 * mebibyte, limit = 80 * mebibyte) {
    this.kernels = kernels;
    this.#limit = limit;
    this.#capacity = capacity;
    this.#base = kernels.allocate(capacity);
    this.start = this.#base;
    this.end = this.#base;
  }

  get length(): number {
    return this.end - this.start;
  }

  /** Bytes consumed in all: the offset of `start` in the decoded stream. */
  get consumedBytes(): number {
    return this.#consumed;
  }

  /**
   * Makes room for `bytes` more at `end` and returns that address; 64 bytes behind them may be written as well. Moves the
   * content. Throws ARCHIVE_DAMAGED when an item would be larger than the limit.
   */
  reserve(bytes: number): number {
    if (this.end + bytes <= this.#base + this.#capacity) return this.end;
    const { length } = this;
    if (length + bytes > this.#capacity) {
      if (length + bytes > this.#limit) {
        throw new RelightError(
          "ARCHIVE_DAMAGED",
          `an item of more than ${this.#limit} bytes at offset ${this.#consumed}`,
          {
            context: { offset: this.#consumed },
          },
        );
      }
      // The old area is lost, so grow in large steps: at most a handful of times.
      const capacity = Math.min(this.#limit, Math.max(length + bytes, this.#capacity * 2));
      const base = this.kernels.allocate(capacity);
      this.kernels.bytes.copyWithin(base, this.start, this.end);
      this.#base = base;
      this.#capacity = capacity;
    } else {
      this.kernels.bytes.copyWithin(this.#base, this.start, this.end);
    }
    this.start = this.#base;
    this.end = this.#base + length;
    return this.end;
  }

  commit(bytes: number): void {
    this.end += bytes;
  }

  consume(bytes: number): void {
    this.start += bytes;
    this.#consumed += bytes;
  }

  /** A view at `start + offset`, valid until the next `reserve`. */
  slice(offset: number, length: number): Uint8Array {
    return this.kernels.bytes.subarray(this.start + offset, this.start + offset + length);
  }
}
