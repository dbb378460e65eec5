/** A growing run of bytes with the integers of Go's encoding/binary, one byte of memory for each byte. */
export class ByteWriter {
  #bytes = new Uint8Array(64);
  #view = new DataView(this.#bytes.buffer);
  #size = 0;

  u8(value: number): this {
    this.#room(1);
    this.#bytes[this.#size++] = value;
    return this;
  }

  u16(value: number): this {
    this.#room(2);
    this.#view.setUint16(this.#size, value, true);
    this.#size += 2;
    return this;
  }

  u32(value: number): this {
    this.#room(4);
    this.#view.setUint32(this.#size, value, true);
    this.#size += 4;
    return this;
  }

  u64(value: bigint): this {
    this.#room(8);
    this.#view.setBigUint64(this.#size, value, true);
    this.#size += 8;
    return this;
  }

  /** An unsigned LEB128 varint; negative values wrap at 2^64, as Go's unsigned subtraction does. */
  uvarint(value: number | bigint): this {
    this.#room(10);
    if (typeof value === "number" && value >= 0) {
      let rest = value;
      for (; rest >= 128; rest = Math.floor(rest / 128)) this.#bytes[this.#size++] = (rest % 128) | 128;
      this.#bytes[this.#size++] = rest;
      return this;
    }
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest >= 128n; rest >>= 7n) this.#bytes[this.#size++] = Number(rest & 127n) | 128;
    this.#bytes[this.#size++] = Number(rest);
    return this;
  }

  /** A zigzag varint of a signed 64-bit number. */
  varint(value: bigint): this {
    return this.uvarint(value < 0n ? ~(value << 1n) : value << 1n);
  }

  bytes(bytes: Uint8Array): this {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#size);
    this.#size += bytes.length;
    return this;
  }

  /** What was written; nothing may be added any more. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#size);
  }

  #room(bytes: number): void {
    if (this.#size + bytes <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#size + bytes));
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}
