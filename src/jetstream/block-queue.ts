import { Handover } from "./handover.ts";
import { spareBytes } from "./spare-memory.ts";

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
  readonly #filled = new Handover<Filled>();
  readonly #onTaken: (() => void) | undefined;
  readonly #free: Uint8Array[] = [];
  #current: Uint8Array | undefined;
  #length = 0;
  #bytes = 0;

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
      this.#current ??= this.#free.pop() ?? spareBytes.take(blockBytes);
      const length = Math.min(blockBytes - this.#length, chunk.length - at);
      this.#current.set(length === chunk.length ? chunk : chunk.subarray(at, at + length), this.#length);
      this.#length += length;
      at += length;
      if (this.#length === blockBytes) this.#fill();
    }
  }

  /** No more chunks; the reader gets what is queued, then the end. */
  end(): void {
    this.#fill();
    this.#filled.end();
  }

  /** The reader gets what is queued, then the error. */
  fail(error: unknown): void {
    this.#fill();
    this.#filled.fail(error);
  }

  #fill(): void {
    if (this.#current === undefined) return;
    this.#filled.push({ block: this.#current, length: this.#length });
    this.#current = undefined;
    this.#length = 0;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for (let next = await this.#filled.next(); next !== undefined; next = await this.#filled.next()) {
        yield next.length === blockBytes ? next.block : next.block.subarray(0, next.length);
        // Only when the reader comes back is the block off our hands.
        this.#free.push(next.block);
        this.#bytes -= next.length;
        this.#onTaken?.();
      }
    } finally {
      for (const block of this.#free.splice(0)) spareBytes.give(block);
    }
  }
}
