import { giveMemory, takeMemory } from "./spare-memory.ts";

/** A block is one write of a file, and what a reader works on at a time. */
export const blockBytes = 512 * 1024;

interface Filled {
  readonly block: Uint8Array;
  readonly length: number;
}

/**
 * A queue as {@link ChunkQueue}, of bytes that are copied into blocks which are used again: a block that was handed out is
 * valid until the next one is asked for. Only full blocks are handed out, and the rest at the end.
 */
export class BlockQueue implements AsyncIterable<Uint8Array> {
  readonly #onTaken: (() => void) | undefined;
  readonly #filled: Filled[] = [];
  readonly #free: Uint8Array[] = [];
  #current: Uint8Array | undefined;
  #length = 0;
  #bytes = 0;
  #ended = false;
  #error: unknown;
  #wake: (() => void) | undefined;

  constructor(onTaken?: () => void) {
    this.#onTaken = onTaken;
  }

  /** Bytes that wait for the reader. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Copies a chunk, which is the caller's again afterwards. */
  push(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    for (let at = 0; at < chunk.length; ) {
      this.#current ??= this.#free.pop() ?? takeMemory(blockBytes);
      const length = Math.min(blockBytes - this.#length, chunk.length - at);
      this.#current.set(length === chunk.length ? chunk : chunk.subarray(at, at + length), this.#length);
      this.#length += length;
      at += length;
      if (this.#length === blockBytes) this.#fill();
    }
  }

  /** No more chunks; the reader gets what is queued, then the end. */
  end(): void {
    if (this.#length > 0) this.#fill();
    this.#ended = true;
    this.#notify();
  }

  /** The reader gets what is queued, then the error. */
  fail(error: unknown): void {
    if (this.#ended) return;
    this.#error = error;
    this.end();
  }

  #fill(): void {
    this.#filled.push({ block: this.#current as Uint8Array, length: this.#length });
    this.#current = undefined;
    this.#length = 0;
    this.#notify();
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      for (let next = this.#filled.shift(); next !== undefined; next = this.#filled.shift()) {
        yield next.length === blockBytes ? next.block : next.block.subarray(0, next.length);
        // Only when the reader comes back is the block off our hands.
        this.#free.push(next.block);
        this.#bytes -= next.length;
        this.#onTaken?.();
      }
      if (this.#ended) {
        for (const block of this.#free.splice(0)) giveMemory(block);
        if (this.#error !== undefined) throw this.#error;
        return;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
