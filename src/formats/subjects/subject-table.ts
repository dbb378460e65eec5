import { subjectText } from "./subject-text.ts";

/** Numbers subjects in the order in which they are first met, from their bytes, without a string for each message. */
export class SubjectTable {
  /** Open addressing: number + 1, 0 where a slot is free. */
  #slots = new Int32Array(1024);
  #hashes = new Uint32Array(256);
  /** Where each subject begins in the arena; the next one's beginning is its end. */
  #starts = new Float64Array(257);
  #arena = new Uint8Array(16 * 1024);
  #size = 0;

  /** How many subjects there are. */
  get size(): number {
    return this.#size;
  }

  /** The number of the subject at `bytes[at, at + length)`: that of its first time, or the next one. */
  number(bytes: Uint8Array, at: number, length: number): number {
    // FNV-1a.
    let hash = 0x811c9dc5;
    for (let index = at; index < at + length; index++) hash = Math.imul(hash ^ (bytes[index] as number), 0x01000193);
    hash >>>= 0;
    const mask = this.#slots.length - 1;
    for (let slot = (hash ^ (hash >>> 15)) & mask; ; slot = (slot + 1) & mask) {
      const known = (this.#slots[slot] as number) - 1;
      if (known < 0) return this.#add(slot, hash, bytes, at, length);
      if (this.#hashes[known] === hash && this.#equals(known, bytes, at, length)) return known;
    }
  }

  text(number: number): string {
    return subjectText(this.#arena.subarray(this.#starts[number], this.#starts[number + 1]));
  }

  /** Forgets all. */
  clear(): void {
    this.#slots.fill(0);
    this.#size = 0;
  }

  #equals(known: number, bytes: Uint8Array, at: number, length: number): boolean {
    const start = this.#starts[known] as number;
    if ((this.#starts[known + 1] as number) - start !== length) return false;
    for (let index = 0; index < length; index++) if (this.#arena[start + index] !== bytes[at + index]) return false;
    return true;
  }

  #add(slot: number, hash: number, bytes: Uint8Array, at: number, length: number): number {
    const number = this.#size++;
    if (number === this.#hashes.length) {
      this.#hashes = grown(this.#hashes, new Uint32Array(number * 2));
      this.#starts = grown(this.#starts, new Float64Array(number * 2 + 1));
    }
    const start = this.#starts[number] as number;
    if (start + length > this.#arena.length) {
      this.#arena = grown(this.#arena, new Uint8Array(Math.max(this.#arena.length * 2, start + length)));
    }
    this.#arena.set(bytes.subarray(at, at + length), start);
    this.#starts[number + 1] = start + length;
    this.#hashes[number] = hash;
    this.#slots[slot] = number + 1;
    if (this.#size * 2 > this.#slots.length) this.#rehash();
    return number;
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 2);
    const mask = this.#slots.length - 1;
    for (let number = 0; number < this.#size; number++) {
      const hash = this.#hashes[number] as number;
      let slot = (hash ^ (hash >>> 15)) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = number + 1;
    }
  }
}

function grown<Columns extends Float64Array | Uint32Array | Uint8Array>(old: Columns, larger: Columns): Columns {
  larger.set(old);
  return larger;
}
