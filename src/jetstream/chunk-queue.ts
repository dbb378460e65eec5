/**
 * A queue of received chunks between a callback that cannot wait and a reader that can.
 *
 * The one who fills it learns through `onTaken` when bytes have left, which is where late acknowledgements are sent.
 */
export class ChunkQueue implements AsyncIterable<Uint8Array> {
  readonly #chunks: (Uint8Array | undefined)[] = [];
  readonly #onTaken: (() => void) | undefined;
  #head = 0;
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

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    this.#notify();
  }

  /** No more chunks; the reader gets what is queued, then the end. */
  end(): void {
    this.#ended = true;
    this.#notify();
  }

  /** The reader gets what is queued, then the error. */
  fail(error: unknown): void {
    if (this.#ended) return;
    this.#error = error;
    this.end();
  }

  /** The next chunk; nothing of it stays behind, since what is kept here is kept in memory. */
  #take(): Uint8Array | undefined {
    if (this.#head === this.#chunks.length) return undefined;
    const chunk = this.#chunks[this.#head];
    this.#chunks[this.#head++] = undefined;
    if (this.#head >= 256) {
      this.#chunks.splice(0, this.#head);
      this.#head = 0;
    }
    return chunk;
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      for (let chunk = this.#take(); chunk !== undefined; chunk = this.#take()) {
        yield chunk;
        // Only when the reader comes back is the chunk off our hands.
        this.#bytes -= chunk.length;
        this.#onTaken?.();
      }
      if (this.#ended) {
        if (this.#error !== undefined) throw this.#error;
        return;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
