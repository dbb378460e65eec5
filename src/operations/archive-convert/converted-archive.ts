import { Worker } from "node:worker_threads";
import { RelightError } from "../../errors.ts";
import { type ConvertMessage, type ConvertOrder, type ConvertWish, Counter, slotBytes } from "./convert-protocol.ts";

/** Slots that the worker may fill while all others are under way. */
const ahead = 4;

/**
 * A v2 archive as a v1 archive, or a v1 archive without its dead messages, made in a worker while it is read. To be read
 * once. Throws ARCHIVE_DAMAGED.
 *
 * The pieces lie in memory that both threads share and that is used in turns: one is valid until `keep` further ones have
 * been asked for.
 */
export class ConvertedArchive implements AsyncIterable<Uint8Array> {
  readonly #worker: Worker;
  readonly #shared: Int32Array;
  readonly #slots: SharedArrayBuffer;
  readonly #keep: number;
  readonly #sizes: number[] = [];
  #ended = false;
  #error: unknown;
  #wake: (() => void) | undefined;
  /**
   * Resolves when the first piece can be read, or when there will be none. A server gives up a restore in which nothing
   * comes for 5 s, and an archive of v1 is read to its end before the first piece.
   */
  readonly ready: Promise<void>;

  private constructor(wish: ConvertWish, keep: number) {
    this.#keep = keep;
    this.#slots = new SharedArrayBuffer((keep + 1 + ahead) * slotBytes);
    const counters = new SharedArrayBuffer(Counter.size * 4);
    this.#shared = new Int32Array(counters);
    const file = import.meta.url.endsWith(".ts") ? "./convert-worker.ts" : "./convert-worker.js";
    this.#worker = new Worker(new URL(file, import.meta.url), {
      workerData: { ...wish, counters, slots: this.#slots } satisfies ConvertOrder,
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    });
    const ready = Promise.withResolvers<void>();
    this.ready = ready.promise;
    this.#worker.once("message", () => ready.resolve());
    this.#worker.once("exit", () => {
      ready.resolve();
      this.#end(new RelightError("INTERNAL", `${wish.path}: the conversion's worker ended`));
    });
    this.#worker.on("message", (message: ConvertMessage) => {
      if (message.kind === "piece") {
        this.#sizes.push(message.bytes);
        this.#notify();
      } else if (message.kind === "end") this.#end(undefined);
      else this.#end(new RelightError(message.code, `${wish.path}: ${message.message}`));
    });
    this.#worker.once("error", (error) => this.#end(new RelightError("INTERNAL", String(error), { cause: error })));
  }

  /** `keep`: further pieces that may be asked for while one is still in use. */
  static start(wish: ConvertWish, { keep }: { readonly keep: number }): ConvertedArchive {
    return new ConvertedArchive(wish, keep);
  }

  /** Bytes of the source that were read: for progress. */
  get sourceBytes(): number {
    return Atomics.load(this.#shared, Counter.sourceKiB) * 1024;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    const count = this.#slots.byteLength / slotBytes;
    for (let turn = 0; ; turn++) {
      while (this.#sizes.length === 0) {
        if (this.#error !== undefined) throw this.#error;
        if (this.#ended) return;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      if (turn > this.#keep) {
        Atomics.add(this.#shared, Counter.freed, 1);
        Atomics.notify(this.#shared, Counter.freed);
      }
      yield new Uint8Array(this.#slots, (turn % count) * slotBytes, this.#sizes.shift());
    }
  }

  /** Ends the worker, wherever it is. */
  async cancel(): Promise<void> {
    Atomics.store(this.#shared, Counter.cancelled, 1);
    Atomics.notify(this.#shared, Counter.freed);
    await this.#worker.terminate();
  }

  /** The first word on how it ended holds. */
  #end(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#notify();
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
