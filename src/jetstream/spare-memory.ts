/**
 * Memory that may hold anything: what was given back before, or new. An account can have thousands of streams, and buffers
 * of their own for each would be garbage faster than it is collected.
 */
export class SpareMemory<T extends { readonly byteLength: number }> {
  readonly #make: (bytes: number) => T;
  readonly #kept: number;
  readonly #spares = new Map<number, T[]>();

  /** `kept`: pieces of one size that are kept for whoever needs one next. */
  constructor(make: (bytes: number) => T, kept: number) {
    this.#make = make;
    this.#kept = kept;
  }

  take(bytes: number): T {
    return this.#spares.get(bytes)?.pop() ?? this.#make(bytes);
  }

  /** Takes back memory that nobody uses any more, nor anything that is part of it. */
  give(memory: T): void {
    const same = this.#spares.get(memory.byteLength) ?? [];
    this.#spares.set(memory.byteLength, same);
    if (same.length < this.#kept && !same.includes(memory)) same.push(memory);
  }
}

export const spareBytes = new SpareMemory<Uint8Array>((bytes) => new Uint8Array(bytes), 8);
