/** What a {@link ByteReader} throws; whoever reads turns it into an error that names the place. */
export class MalformedBytes extends Error {}

/**
 * Reads the varints of Go's `encoding/binary` and little-endian numbers from bytes that are all there. Throws
 * {@link MalformedBytes} when they end too early, or where a number has more than 64 bits or, as a number, 2^53 or more.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
  }

  get remaining(): number {
    return this.#bytes.length - this.at;
  }

  u8(): number {
    const at = this.#take(1);
    return this.#bytes[at] as number;
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  take(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
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
    throw new MalformedBytes("a number is too large");
  }

  /** A zigzag varint of 64 bits. */
  varint(): bigint {
    const value = this.uvarint64();
    return (value >> 1n) ^ -(value & 1n);
  }

  /** An unsigned varint of 64 bits. */
  uvarint64(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.u8();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) {
        if (value >> 64n !== 0n) break;
        return value;
      }
    }
    throw new MalformedBytes("a number has more than 64 bits");
  }

  #take(length: number): number {
    if (length > this.remaining) throw new MalformedBytes("the bytes end too early");
    const { at } = this;
    this.at += length;
    return at;
  }
}
