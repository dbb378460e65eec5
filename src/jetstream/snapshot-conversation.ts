import { RelightError } from "../errors.ts";
import { BlockQueue, blockBytes } from "./block-queue.ts";
import { ChunkQueue } from "./chunk-queue.ts";
import type { Wire, WireMessage } from "./wire/wire.ts";

export interface SnapshotProgress {
  readonly bytes: number;
  readonly chunks: number;
}

export interface ConversationOptions {
  /** The longest silence of the server before the snapshot counts as stalled, in milliseconds. Default 15,000. */
  readonly idleTimeoutMs?: number;
  /** Received bytes that may wait for the reader before acknowledgements are held back. Default 4 MiB. */
  readonly bufferBytes?: number;
  /** Hand out the same memory again and again: a chunk is then valid until the next one is asked for. Default false. */
  readonly reuseMemory?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: SnapshotProgress) => void;
}

/** How the server ended the conversation. It is a hint: only the archive itself proves that it is complete. */
export interface SnapshotEnd {
  /** Status header of the last message: 204 done, 408 gave up, 500 failed; 0 where there was none (see formats §1). */
  readonly status: number;
  readonly description: string;
  readonly bytes: number;
  readonly chunks: number;
}

const defaultIdleTimeoutMs = 15_000;
const defaultBufferBytes = 4 * 1024 * 1024;

/** The receiving side of a snapshot: one subscription, acknowledgements, the idle timer, the end. */
export class SnapshotConversation {
  readonly queue: ChunkQueue | BlockQueue;
  readonly ended: Promise<SnapshotEnd>;
  readonly #stream: string;
  readonly #options: ConversationOptions;
  readonly #idleMs: number;
  readonly #bufferBytes: number;
  readonly #heldAcks: string[] = [];
  readonly #subscription: { unsubscribe(): void };
  readonly #connection: Wire;
  readonly #onAbort = (): void => this.stop(snapshotCancelled(this.#stream, this.#options.signal));
  readonly #copies: boolean;
  #bytes = 0;
  #chunks = 0;
  #done = false;
  #lastArrival = 0;
  #timer: NodeJS.Timeout | undefined;
  #resolve!: (end: SnapshotEnd) => void;
  #reject!: (error: unknown) => void;

  constructor(connection: Wire, stream: string, subject: string, options: ConversationOptions) {
    this.#connection = connection;
    this.#stream = stream;
    this.#options = options;
    this.#idleMs = options.idleTimeoutMs ?? defaultIdleTimeoutMs;
    // Blocks that are not full count as waiting, and are not handed out yet.
    const least = options.reuseMemory ? 2 * blockBytes : 0;
    this.#bufferBytes = Math.max(options.bufferBytes ?? defaultBufferBytes, least);
    const onTaken = (): void => this.#releaseAcks();
    this.queue = options.reuseMemory ? new BlockQueue(onTaken) : new ChunkQueue(onTaken);
    this.#copies = Boolean(connection.transient) && !options.reuseMemory;
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever reads only the chunks learns of the failure there.
    this.ended.catch(() => {});
    this.#subscription = connection.subscribe(subject, {
      callback: (error, message) => {
        if (error) this.stop(new RelightError("SNAPSHOT_FAILED", error.message, { cause: error }));
        else this.#receive(message);
      },
    });
    options.signal?.addEventListener("abort", this.#onAbort, { once: true });
    connection.closed().then((reason) => {
      this.stop(
        new RelightError("CONNECTION_LOST", `the connection was lost during the snapshot of "${stream}"`, {
          cause: reason ?? undefined,
          context: { stream, bytes: this.#bytes },
        }),
      );
    });
  }

  /** Starts the idle timer, once the server has accepted the request. */
  begin(): void {
    if (this.#done) return;
    this.#lastArrival = Date.now();
    // A coarse ticker instead of re-arming a timer per chunk.
    this.#timer = setInterval(
      () => {
        // Silence while acknowledgements are held back is of our own making.
        if (this.#heldAcks.length > 0) this.#lastArrival = Date.now();
        const silent = Date.now() - this.#lastArrival;
        if (silent < this.#idleMs) return;
        const seconds = Math.round(silent / 1000);
        this.stop(
          new RelightError(
            "SNAPSHOT_STALLED",
            `the server sent nothing for ${seconds} s in the middle of the snapshot of "${this.#stream}" ` +
              `(${this.#bytes} bytes had arrived)`,
            { context: { stream: this.#stream, bytes: this.#bytes, idleTimeoutMs: this.#idleMs } },
          ),
        );
      },
      Math.min(1_000, Math.max(50, this.#idleMs / 4)),
    );
  }

  #receive(message: WireMessage): void {
    if (this.#done) return;
    this.#lastArrival = Date.now();
    if (message.data.length === 0) {
      this.#finish(message);
      return;
    }
    this.#bytes += message.data.length;
    this.#chunks++;
    this.queue.push(this.#copies ? message.data.slice() : message.data);
    if (message.reply) {
      if (this.queue.bytes > this.#bufferBytes) this.#heldAcks.push(message.reply);
      else this.#connection.publish(message.reply);
    }
    this.#options.onProgress?.({ bytes: this.#bytes, chunks: this.#chunks });
  }

  #releaseAcks(): void {
    while (this.#heldAcks.length > 0 && this.queue.bytes <= this.#bufferBytes) {
      const reply = this.#heldAcks.shift();
      // A closed connection is reported by its own path.
      if (reply !== undefined && !this.#connection.isClosed()) this.#connection.publish(reply);
    }
  }

  #finish(message: WireMessage): void {
    const status = message.headers?.code ?? 0;
    const description = message.headers?.description ?? "";
    const context = { stream: this.#stream, bytes: this.#bytes, status, description };
    if (status === 408) {
      this.stop(new RelightError("SNAPSHOT_STALLED", `the server gave up: 408 ${description}`, { context }));
      return;
    }
    if (status >= 400 && description !== "") {
      this.stop(new RelightError("SNAPSHOT_FAILED", `the server ended the snapshot: ${description}`, { context }));
      return;
    }
    // A 500 without a description is sent by 2.12.5 to 2.14 after archives that are complete; the archive decides.
    this.#close();
    this.queue.end();
    this.#resolve({ status, description, bytes: this.#bytes, chunks: this.#chunks });
  }

  /** Ends the conversation with an error; a no-op once it has ended. */
  stop(error: unknown): void {
    if (this.#done) return;
    this.#close();
    this.#reject(error);
    this.queue.fail(error);
  }

  #close(): void {
    this.#done = true;
    clearInterval(this.#timer);
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    if (!this.#connection.isClosed()) this.#subscription.unsubscribe();
  }
}

/** CANCELLED, with the signal's reason. */
export function snapshotCancelled(stream: string, signal: AbortSignal | undefined): RelightError {
  return new RelightError("CANCELLED", `the snapshot of "${stream}" was cancelled`, { cause: signal?.reason });
}
