import { Handover } from "./handover.ts";

/**
 * A queue of received chunks between a callback that cannot wait and a reader that can.
 *
 * The one who fills it learns through `onTaken` when bytes have left, which is where late acknowledgements are sent.
 */
export class ChunkQueue implements AsyncIterable<Uint8Array> {
  readonly #chunks = new Handover<Uint8Array>();
  readonly #onTaken: (() => void) | undefined;
  #bytes = 0;

  constructor(onTaken?: () => void) {
    this.#onTaken = onTaken;
  }

  /** Bytes that wait for the reader. */
  get bytes(): number {
    return this.#bytes;
  }

  push(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    this.#chunks.push(chunk);
  }

  /** No more chunks; the reader gets what is queued, then the end. */
  end(): void {
    this.#chunks.end();
  }

  /** The reader gets what is queued, then the error. */
  fail(error: unknown): void {
    this.#chunks.fail(error);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (let chunk = await this.#chunks.next(); chunk !== undefined; chunk = await this.#chunks.next()) {
      yield chunk;
      // Only when the reader comes back is the chunk off our hands.
      this.#bytes -= chunk.length;
      this.#onTaken?.();
    }
  }
}
