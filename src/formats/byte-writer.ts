/** A growing run of bytes with the variable-length integers of Go's encoding/binary. */
export class ByteWriter {
  readonly #bytes: number[] = [];

  u8(value: number): this {
    this.#bytes.push(value & 0xff);
    return this;
  }

  /** An unsigned LEB128 varint; negative values wrap at 2^64, as Go's unsigned subtraction does. */
  uvarint(value: number | bigint): this {
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest >= 128n) {
      this.#bytes.push(Number(rest & 127n) | 128);
      rest >>= 7n;
    }
    this.#bytes.push(Number(rest));
    return this;
  }

  /** A zigzag varint of a signed 64-bit number. */
  varint(value: bigint): this {
    return this.uvarint(value < 0n ? ~(value << 1n) : value << 1n);
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}
