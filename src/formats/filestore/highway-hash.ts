/**
 * HighwayHash-64, fed piece by piece: for `index.db`, which can be larger than any buffer that one would want to keep. Records
 * are checked by the kernels, many times faster.
 *
 * The state is four words of 64 bits in each of four vectors; a word is two of 32 bits here, since JavaScript has no fast
 * 64-bit integers. Source: google/highwayhash, the portable reference implementation.
 */
export class HighwayHash {
  /** v0, v1, mul0, mul1: word i of vector v has its low half at 8v + 2i, its high half behind that. */
  readonly #state = new Uint32Array(32);
  readonly #packet = new Uint8Array(32);
  readonly #lanes = new Uint32Array(8);
  #filled = 0;

  /** `key` has 32 bytes. */
  constructor(key: Uint8Array) {
    const view = new DataView(key.buffer, key.byteOffset, 32);
    for (let half = 0; half < 8; half++) {
      const word = view.getUint32(4 * half, true);
      const rotated = view.getUint32(4 * (half ^ 1), true);
      this.#state[half] = (initial[half] as number) ^ word;
      this.#state[8 + half] = (initial[8 + half] as number) ^ rotated;
      this.#state[16 + half] = initial[half] as number;
      this.#state[24 + half] = initial[8 + half] as number;
    }
  }

  update(bytes: Uint8Array): void {
    let at = 0;
    if (this.#filled > 0) {
      at = Math.min(32 - this.#filled, bytes.length);
      this.#packet.set(bytes.subarray(0, at), this.#filled);
      this.#filled += at;
      if (this.#filled < 32) return;
      this.#absorb(this.#packet, 0);
      this.#filled = 0;
    }
    for (; at + 32 <= bytes.length; at += 32) this.#absorb(bytes, at);
    this.#packet.set(bytes.subarray(at));
    this.#filled = bytes.length - at;
  }

  /** The hash. The object is of no use afterwards. */
  digest(): bigint {
    const state = this.#state;
    if (this.#filled > 0) this.#absorbRemainder();
    for (let round = 0; round < 4; round++) {
      // v0 with its halves and its word pairs swapped.
      for (let half = 0; half < 8; half++) this.#lanes[half] = state[half ^ 4 ^ 1] as number;
      this.#mix();
    }
    const word = (vector: number): bigint =>
      (BigInt(state[8 * vector + 1] as number) << 32n) | BigInt(state[8 * vector] as number);
    return BigInt.asUintN(64, word(0) + word(1) + word(2) + word(3));
  }

  #absorb(bytes: Uint8Array, at: number): void {
    for (let half = 0, from = at; half < 8; half++, from += 4) {
      this.#lanes[half] =
        (bytes[from] as number) |
        ((bytes[from + 1] as number) << 8) |
        ((bytes[from + 2] as number) << 16) |
        ((bytes[from + 3] as number) << 24);
    }
    this.#mix();
  }

  #absorbRemainder(): void {
    const state = this.#state;
    const rest = this.#packet;
    const size = this.#filled;
    for (let word = 0; word < 4; word++) {
      add(state, 2 * word, size, size);
      for (const half of [8 + 2 * word, 9 + 2 * word]) {
        const value = state[half] as number;
        state[half] = (value << size) | (value >>> (32 - size));
      }
    }
    const packet = new Uint8Array(32);
    const whole = size & ~3;
    packet.set(rest.subarray(0, whole));
    const odd = size & 3;
    if (size & 16) {
      packet.set(rest.subarray(size - 4, size), 28);
    } else if (odd > 0) {
      packet[16] = rest[whole] as number;
      packet[17] = rest[whole + (odd >> 1)] as number;
      packet[18] = rest[size - 1] as number;
    }
    this.#absorb(packet, 0);
  }

  #mix(): void {
    const state = this.#state;
    const lanes = this.#lanes;
    for (let word = 0; word < 8; word += 2) {
      add(state, 8 + word, lanes[word] as number, lanes[word + 1] as number);
      add(state, 8 + word, state[16 + word] as number, state[17 + word] as number);
      multiplyInto(state, 16 + word, state[8 + word] as number, state[word + 1] as number);
      add(state, word, state[24 + word] as number, state[25 + word] as number);
      multiplyInto(state, 24 + word, state[word] as number, state[9 + word] as number);
    }
    zipperAdd(state, 0, 8);
    zipperAdd(state, 4, 12);
    zipperAdd(state, 8, 0);
    zipperAdd(state, 12, 4);
  }
}

/** The first 16 half words are mul0's and mul1's: digits of pi, low half first. */
const initial = new Uint32Array([
  0xfe4cce2f, 0xdbe6d5d5, 0x299f31d0, 0xa4093822, 0x03707344, 0x13198a2e, 0x85a308d3, 0x243f6a88, 0xcb0ef593,
  0x3bd39e10, 0xb5f18a8c, 0xc0acf169, 0x34e90c6c, 0xbe5466cf, 0x38d01377, 0x452821e6,
]);

/** state[at] += high:low, 64 bits. */
function add(state: Uint32Array, at: number, low: number, high: number): void {
  const sum = (state[at] as number) + low;
  state[at] = sum;
  state[at + 1] = (state[at + 1] as number) + high + (sum > 0xffffffff ? 1 : 0);
}

/** state[at] ^= a * b, 32 bits times 32 bits. */
function multiplyInto(state: Uint32Array, at: number, a: number, b: number): void {
  const [aLow, aHigh, bLow, bHigh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const low = aLow * bLow;
  const middle = aHigh * bLow + (low >>> 16);
  const carry = aLow * bHigh + (middle % 0x10000);
  const high = aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000);
  state[at] = (state[at] as number) ^ (((carry & 0xffff) << 16) | (low & 0xffff));
  state[at + 1] = (state[at + 1] as number) ^ high;
}

/** Adds the 16 bytes at `from`, shuffled, to the two words at `to`. */
function zipperAdd(state: Uint32Array, to: number, from: number): void {
  const a = state[from] as number;
  const b = state[from + 1] as number;
  const c = state[from + 2] as number;
  const d = state[from + 3] as number;
  // Bytes 0 to 15 are those of a, b, c, d; the order is 3 12 2 5, 14 1 15 0, 11 4 10 13, 9 6 8 7.
  add(
    state,
    to,
    ((a >>> 24) | ((d & 0xff) << 8) | (a & 0xff0000) | ((b & 0xff00) << 16)) >>> 0,
    (((d >>> 16) & 0xff) | (a & 0xff00) | ((d >>> 24) << 16) | (a << 24)) >>> 0,
  );
  add(
    state,
    to + 2,
    ((c >>> 24) | ((b & 0xff) << 8) | (c & 0xff0000) | ((d & 0xff00) << 16)) >>> 0,
    (((c >>> 8) & 0xff) | ((b >>> 8) & 0xff00) | ((c & 0xff) << 16) | (b & 0xff000000)) >>> 0,
  );
}
