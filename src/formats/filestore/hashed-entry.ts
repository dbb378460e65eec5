import { damaged } from "../damaged.ts";
import type { Parsing } from "../parsing.ts";
import type { Window } from "../window.ts";
import { HighwayHash } from "./highway-hash.ts";

/**
 * Reads a file that ends with the hash of all its other bytes, piece by piece, without ever holding more of it than one
 * item. Call {@link want} before the reads of an item; they throw ARCHIVE_DAMAGED when the file ends inside it.
 */
export class HashedEntry {
  readonly #window: Window;
  readonly #name: string;
  readonly #hash: HighwayHash;
  /** Bytes of content that are not consumed yet. */
  #rest: number;
  /** Of the next byte and behind the last one that may be read now. */
  #at = 0;
  #end = 0;
  /** The memory's bytes; stale after every wait. */
  #bytes: Uint8Array = new Uint8Array(0);

  /** `size` counts the trailing hash. */
  constructor(window: Window, name: string, size: number, key: Uint8Array) {
    this.#window = window;
    this.#name = name;
    this.#hash = new HighwayHash(key);
    this.#rest = size - 8;
    this.#reload();
  }

  /** Bytes that can be read without another {@link want}. */
  get available(): number {
    return this.#end - this.#at;
  }

  /** Bytes of content that are not read yet. */
  get rest(): number {
    return this.#rest - (this.#at - this.#window.start);
  }

  /** Waits for `bytes` bytes, or for all that are left if they are fewer. */
  *want(bytes: number): Parsing {
    this.#flush();
    while (this.#window.length < Math.min(bytes, this.#rest)) yield;
    this.#reload();
  }

  u8(): number {
    if (this.#at >= this.#end) throw this.damaged("it ends too early");
    return this.#bytes[this.#at++] as number;
  }

  /** An unsigned varint below 2^53. */
  uvarint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 8; count++) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      scale *= 128;
    }
    throw this.damaged("a number is too large");
  }

  /** A zigzag varint of 64 bits. */
  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.u8();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) {
        if (value >> 64n !== 0n) break;
        return (value >> 1n) ^ -(value & 1n);
      }
    }
    throw this.damaged("a number has more than 64 bits");
  }

  /** A view of bytes that is valid until the next {@link want}. */
  take(length: number): Uint8Array {
    if (length > this.available) throw this.damaged("it ends too early");
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return bytes;
  }

  /** Reads the trailing hash. Throws ARCHIVE_DAMAGED when it is wrong. To be called once everything was read. */
  *end(): Parsing {
    if (this.rest !== 0) throw this.damaged(`${this.rest} bytes too many`);
    this.#flush();
    while (this.#window.length < 8) yield;
    const stored = this.#window.kernels.view.getBigUint64(this.#window.start, true);
    if (stored !== this.#hash.digest()) throw this.damaged("its checksum is wrong");
    this.#window.consume(8);
  }

  damaged(what: string): Error {
    return damaged(what, { entry: this.#name, offset: this.#window.consumedBytes + (this.#at - this.#window.start) });
  }

  #flush(): void {
    const read = this.#at - this.#window.start;
    this.#hash.update(this.#window.slice(0, read));
    this.#window.consume(read);
    this.#rest -= read;
  }

  #reload(): void {
    this.#bytes = this.#window.kernels.bytes;
    this.#at = this.#window.start;
    this.#end = this.#at + Math.min(this.#window.length, this.#rest);
  }
}
