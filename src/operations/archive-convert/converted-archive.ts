import { Worker } from "node:worker_threads";
import { RelightError } from "../../errors.ts";
import { ChunkQueue } from "../../jetstream/chunk-queue.ts";
import { type ConvertMessage, type ConvertOrder, type ConvertWish, Counter } from "./convert-protocol.ts";

/**
 * A v2 archive as a v1 archive, or a v1 archive without its dead messages, made in a worker while it is read. To be read
 * once. Throws ARCHIVE_DAMAGED.
 */
export class ConvertedArchive implements AsyncIterable<Uint8Array> {
  readonly #worker: Worker;
  readonly #shared: Int32Array;
  readonly #queue: ChunkQueue;
  /**
   * Resolves when the first piece can be read, or when there will be none. A server gives up a restore in which nothing
   * comes for 5 s, and an archive of v1 is read to its end before the first piece.
   */
  readonly ready: Promise<void>;

  private constructor(wish: ConvertWish) {
    const counters = new SharedArrayBuffer(Counter.size * 4);
    this.#shared = new Int32Array(counters);
    let waiting = 0;
    this.#queue = new ChunkQueue(() => {
      // What left the queue makes room for the worker.
      const taken = waiting - this.#queue.bytes;
      waiting = this.#queue.bytes;
      Atomics.sub(this.#shared, Counter.ahead, taken);
      Atomics.notify(this.#shared, Counter.ahead);
    });
    const file = import.meta.url.endsWith(".ts") ? "./convert-worker.ts" : "./convert-worker.js";
    this.#worker = new Worker(new URL(file, import.meta.url), {
      workerData: { ...wish, counters } satisfies ConvertOrder,
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    });
    const ready = Promise.withResolvers<void>();
    this.ready = ready.promise;
    this.#worker.once("message", () => ready.resolve());
    this.#worker.once("exit", () => ready.resolve());
    this.#worker.on("message", (message: ConvertMessage) => {
      if (message.kind === "piece") {
        waiting += message.bytes.length;
        this.#queue.push(message.bytes);
      } else if (message.kind === "end") this.#queue.end();
      else this.#queue.fail(new RelightError(message.code, `${wish.path}: ${message.message}`));
    });
    this.#worker.once("error", (error) =>
      this.#queue.fail(new RelightError("INTERNAL", String(error), { cause: error })),
    );
  }

  static start(wish: ConvertWish): ConvertedArchive {
    return new ConvertedArchive(wish);
  }

  /** Bytes of the source that were read: for progress. */
  get sourceBytes(): number {
    return Atomics.load(this.#shared, Counter.sourceKiB) * 1024;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this.#queue[Symbol.asyncIterator]();
  }

  /** Ends the worker, wherever it is. */
  async cancel(): Promise<void> {
    Atomics.store(this.#shared, Counter.cancelled, 1);
    Atomics.notify(this.#shared, Counter.ahead);
    await this.#worker.terminate();
  }
}
