import { RelightError } from "../errors.ts";
import type { Kernels } from "./kernels/kernels.ts";

const mebibyte = 1024 * 1024;

/** Content up to this size is moved to the front at every `reserve`, so that the same warm memory is used again. */
const cheapMove = 32 * 1024;

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
  /** Bytes from `end` on that the parser will not look at; they need not be decoded. */
  unwanted = 0;
  /** Address of the first byte that is not consumed. */
  start: number;
  /** Address after the last byte. */
  end: number;

  /**
   * @param capacity bytes held without growing: a block of 4 MiB and the item that it completes
   * @param limit bytes held at most
   */
  constructor(kernels: Kernels, capacity = 6 * mebibyte, limit = 72 * mebibyte) {
    this.kernels = kernels;
    this.#limit = limit;
    this.#capacity = capacity;
    this.#base = kernels.allocate(capacity);
    this.start = this.#base;
    this.end = this.#base;
  }

  /** Bytes that wait. */
  get length(): number {
    return this.end - this.start;
  }

  /** Bytes consumed in all: the offset of `start` in the decoded stream. */
  get consumedBytes(): number {
    return this.#consumed;
  }

  /**
   * Makes room for `bytes` more at `end` and returns that address; the slack behind them may be written as well. Moves the
   * content. Throws ARCHIVE_DAMAGED when more than the limit would have to be held.
   */
  reserve(bytes: number): number {
    const { length } = this;
    if (length + bytes > this.#capacity) this.#grow(length + bytes);
    if (length > cheapMove && this.end + bytes <= this.#base + this.#capacity) return this.end;
    if (length > 0 && this.start > this.#base) this.kernels.bytes.copyWithin(this.#base, this.start, this.end);
    this.start = this.#base;
    this.end = this.#base + length;
    return this.end;
  }

  #grow(needed: number): void {
    if (needed > this.#limit) {
      throw new RelightError(
        "ARCHIVE_DAMAGED",
        `an item of more than ${this.#limit} bytes, at offset ${this.#consumed} of the decompressed data`,
        { context: { offset: this.#consumed } },
      );
    }
    const capacity = Math.min(this.#limit, Math.max(needed, this.#capacity * 2));
    const base = this.kernels.enlarge(this.#base, this.#capacity, capacity);
    this.start += base - this.#base;
    this.end += base - this.#base;
    this.#base = base;
    this.#capacity = capacity;
  }

  /** Adds the `bytes` that were written at `end`. */
  commit(bytes: number): void {
    this.end += bytes;
  }

  /** Drops `bytes` at `start`. */
  consume(bytes: number): void {
    this.start += bytes;
    this.#consumed += bytes;
  }

  /** Passes over `bytes` that were not decoded, no more than are unwanted; the window is empty then. */
  pass(bytes: number): void {
    this.unwanted -= bytes;
    this.#consumed += bytes;
  }

  /** A view of `length` bytes at `start + offset`, valid until the next `reserve`. */
  slice(offset: number, length: number): Uint8Array {
    return this.kernels.bytes.subarray(this.start + offset, this.start + offset + length);
  }
}
