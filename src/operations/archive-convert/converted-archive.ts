import { RelightError } from "../../errors.ts";
import { Handover } from "../../jetstream/handover.ts";
import { WorkerPool } from "../workers/worker-pool.ts";
import { type ConvertMessage, type ConvertOrder, type ConvertWish, Counter } from "./convert-protocol.ts";

const pool = new WorkerPool<ConvertOrder, ConvertMessage>(import.meta.url, "./convert-worker", {
  resourceLimits: { maxYoungGenerationSizeMb: 8 },
});
/** Slots that the worker may fill while all others are under way. */
const ahead = 4;

/**
 * A v2 archive as a v1 archive, or a v1 archive without its dead messages, made in a worker while it is read. To be read
 * once. Throws ARCHIVE_DAMAGED.
 *
 * The pieces lie in memory that both threads share and that is used in turns: they stay as they are until {@link free} says
 * that they are used, and nothing more comes while all memory is in use.
 */
export class ConvertedArchive implements AsyncIterable<Uint8Array> {
  readonly #shared: Int32Array;
  /** Bytes of each piece that was handed out and is not free yet, and how many bytes are. */
  readonly #used: number[] = [];
  #freed = 0;
  readonly #pieces = new Handover<Uint8Array>();
  /** Once the worker is done; its memory is in use until then. */
  #release: (() => void) | undefined;
  /** Resolves when the worker no longer works on it. */
  readonly #left: Promise<void>;
  /**
   * Resolves when the first piece can be read, or when there will be none. A server gives up a restore in which nothing
   * comes for 5 s, and an archive of v1 is read to its end before the first piece.
   */
  readonly ready: Promise<void>;

  private constructor(wish: ConvertWish, inUse: number) {
    const counters = new SharedArrayBuffer(Counter.size * 4);
    this.#shared = new Int32Array(counters);
    const lease = pool.lease();
    const ready = Promise.withResolvers<void>();
    const left = Promise.withResolvers<void>();
    this.ready = ready.promise;
    this.#left = left.promise;
    const end = (error?: RelightError): void => {
      if (error) this.#pieces.fail(error);
      else this.#pieces.end();
      ready.resolve();
      left.resolve();
    };
    let memory: SharedArrayBuffer | undefined;
    lease.onMessage = (message) => {
      if (message.kind === "pieces") {
        const { pieces } = message;
        memory = message.memory ?? memory;
        for (let at = 0; at < pieces.length; at += 2) {
          this.#pieces.push(new Uint8Array(memory as SharedArrayBuffer, pieces[at], pieces[at + 1]));
        }
        ready.resolve();
        return;
      }
      this.#release = lease.release;
      end(message.kind === "end" ? undefined : new RelightError(message.code, `${wish.path}: ${message.message}`));
    };
    lease.onFailure = (error) => end(new RelightError("INTERNAL", `${wish.path}: ${error}`, { cause: error }));
    lease.send({ ...wish, counters, slots: inUse + ahead });
  }

  /** `inUse`: pieces that may be in use at once, at least. */
  static start(wish: ConvertWish, { inUse }: { readonly inUse: number }): ConvertedArchive {
    return new ConvertedArchive(wish, inUse);
  }

  /** Bytes of the source that were read: for progress. */
  get sourceBytes(): number {
    return Atomics.load(this.#shared, Counter.sourceKiB) * 1024;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const piece = await this.#pieces.next();
      if (piece === undefined) return;
      this.#used.push(piece.length);
      yield piece;
    }
  }

  /** Each piece is free when the next one is asked for. */
  async *oneByOne(): AsyncGenerator<Uint8Array, void, undefined> {
    let bytes = 0;
    for await (const piece of this) {
      bytes += piece.length;
      yield piece;
      this.free(bytes);
    }
  }

  /** So many bytes from the beginning on are used, and their memory may be written again. */
  free(bytes: number): void {
    let pieces = 0;
    while (this.#used[pieces] !== undefined && this.#freed + (this.#used[pieces] as number) <= bytes) {
      this.#freed += this.#used[pieces++] as number;
    }
    if (pieces === 0) return;
    this.#used.splice(0, pieces);
    Atomics.add(this.#shared, Counter.freed, pieces);
    Atomics.notify(this.#shared, Counter.freed);
  }

  /** Ends it, however far it is. Nothing of it may be in use any more: its memory goes to the next conversion. */
  async close(): Promise<void> {
    Atomics.store(this.#shared, Counter.cancelled, 1);
    Atomics.notify(this.#shared, Counter.freed);
    await this.#left;
    this.#release?.();
    this.#release = undefined;
  }
}
