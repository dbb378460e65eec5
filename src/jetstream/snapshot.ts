import { createInbox } from "@nats-io/nats-core";
import { RelightError } from "../errors.ts";
import type { StreamConfig, StreamState } from "./api-types.ts";
import { BlockQueue, blockBytes } from "./block-queue.ts";
import { ChunkQueue } from "./chunk-queue.ts";
import { JetStreamApi, type JetStreamApiOptions } from "./jetstream-api.ts";
import { versionRules } from "./version-rules.ts";
import type { Wire, WireMessage } from "./wire/wire.ts";

export interface SnapshotProgress {
  readonly bytes: number;
  readonly chunks: number;
}

export interface SnapshotOptions extends JetStreamApiOptions {
  /** Include consumers, with their state. Default true. */
  readonly consumers?: boolean;
  /** Let the server check its store before it sends (servers up to 2.14; 2.15 checks every message anyway). */
  readonly check?: boolean;
  /** Bytes in one message, at most the server's max_payload. Default 30 KiB. */
  readonly chunkSize?: number;
  /** Bytes that the server may have under way unacknowledged; servers before 2.12.5 always use 8 MiB. */
  readonly windowSize?: number;
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

export interface Snapshot {
  /** The stream's configuration as the server had it at the start. A v2 archive holds no other copy of it. */
  readonly config: StreamConfig;
  /** The stream's state at the start. What is published meanwhile may be in the archive as well. */
  readonly state: StreamState;
  /** The archive, S2-compressed, in the order of arrival. To be read once, to the end. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Resolves after the last chunk was read; rejects as the iteration does. */
  readonly ended: Promise<SnapshotEnd>;
  /** Stops the conversation. The server notices that nobody listens any more and gives up. */
  cancel(): void;
}

/**
 * With the NATS client: smaller than what Node reads from a socket at once, 64 KiB, so that most messages come without a
 * copy. It puts the others together in buffers that double as they grow. With 128 KiB a million small
 * messages peaked at 211 MB instead of 145 to 150, in about the same time on a busy machine.
 */
const clientChunkSize = 30 * 1024;
/** Where a message costs no memory of its own: fewer and larger ones, but not so large that a slow link is late with an acknowledgement. */
const nearChunkSize = 512 * 1024;
const farChunkSize = 128 * 1024;
/** Near a server a smaller window than its own 8 MiB is as fast, and less has to be kept in memory. */
const nearWindowSize = 2 * 1024 * 1024;
const farAwayMs = 4;
const defaultIdleTimeoutMs = 15_000;
const defaultBufferBytes = 4 * 1024 * 1024;

/**
 * Asks the leader of a stream for a snapshot and hands out the archive as it arrives.
 *
 * The connection should serve nothing else while this runs, and should not reconnect: a snapshot does not survive it.
 * Acknowledgements are sent on arrival (a server gives up after 2 to 5 s without one), at once as long as fewer than
 * `bufferBytes` wait for the reader, exactly one for each chunk that asks for it and none for others: a surplus one
 * blocks the server's side of this connection. Source: nats-server `server/jetstream_api.go` (`streamSnapshot`).
 *
 * Completeness is not judged here, since no server says it reliably: decode the archive to its end.
 *
 * Throws STREAM_NOT_FOUND, SNAPSHOT_UNSUPPORTED, SNAPSHOT_FAILED and the errors of {@link JetStreamApi}. The iteration
 * throws SNAPSHOT_FAILED (the server ended with a 500 that says why), SNAPSHOT_STALLED (408, or silence for longer than
 * `idleTimeoutMs`), CONNECTION_LOST, CANCELLED.
 *
 * @example
 * const snapshot = await snapshotStream(connection, "ORDERS");
 * await pipeline(snapshot.chunks, createWriteStream("stream.arc.s2"));
 * console.log(await snapshot.ended); // { status: 204, bytes: 1843200, ... }
 */
export async function snapshotStream(
  connection: Wire,
  stream: string,
  options: SnapshotOptions = {},
): Promise<Snapshot> {
  const api = new JetStreamApi(connection, options);
  const rules = versionRules(api.serverVersion);
  const { signal } = options;
  if (signal?.aborted) throw cancelled(stream, signal);

  // A literal subject: wildcards are refused by newer servers, and older ones wait 2 s for interest in them.
  const deliverSubject = createInbox(options.inboxPrefix);
  const conversation = new Conversation(connection, stream, deliverSubject, options);
  try {
    const near = (connection.roundTripMs ?? (await connection.rtt())) <= farAwayMs;
    const fitting = near ? nearChunkSize : farChunkSize;
    const chunkSize = options.chunkSize ?? (connection.transient ? fitting : clientChunkSize);
    const windowSize = rules.windowSize ? (options.windowSize ?? (near ? nearWindowSize : undefined)) : undefined;
    const check = options.check ?? false;
    const answer = await api.request<{ config: StreamConfig; state: StreamState }>(
      `STREAM.SNAPSHOT.${stream}`,
      {
        deliver_subject: deliverSubject,
        no_consumers: !(options.consumers ?? true),
        chunk_size: Math.min(chunkSize, connection.info?.max_payload ?? chunkSize),
        ...(windowSize === undefined ? {} : { window_size: windowSize }),
        ...(check ? { jsck: true } : {}),
      },
      // The check reads the whole stream before the answer comes.
      { timeoutMs: check ? Math.max(api.timeoutMs, 3_600_000) : Math.max(api.timeoutMs, 10_000) },
    );
    conversation.begin();
    return {
      config: answer.config,
      state: answer.state,
      chunks: conversation.queue,
      ended: conversation.ended,
      cancel: () => conversation.stop(new RelightError("CANCELLED", `the snapshot of "${stream}" was cancelled`)),
    };
  } catch (error) {
    conversation.stop(error);
    throw snapshotRequestError(stream, error);
  }
}

/** The receiving side: one subscription, acknowledgements, the idle timer, the end. */
class Conversation {
  readonly queue: ChunkQueue | BlockQueue;
  readonly ended: Promise<SnapshotEnd>;
  readonly #stream: string;
  readonly #options: SnapshotOptions;
  readonly #idleMs: number;
  readonly #bufferBytes: number;
  readonly #heldAcks: string[] = [];
  readonly #subscription: { unsubscribe(): void };
  readonly #connection: Wire;
  readonly #onAbort = (): void => this.stop(cancelled(this.#stream, this.#options.signal));
  readonly #copies: boolean;
  #bytes = 0;
  #chunks = 0;
  #done = false;
  #lastArrival = 0;
  #timer: NodeJS.Timeout | undefined;
  #resolve!: (end: SnapshotEnd) => void;
  #reject!: (error: unknown) => void;

  constructor(connection: Wire, stream: string, subject: string, options: SnapshotOptions) {
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

function cancelled(stream: string, signal: AbortSignal | undefined): RelightError {
  return new RelightError("CANCELLED", `the snapshot of "${stream}" was cancelled`, { cause: signal?.reason });
}

function snapshotRequestError(stream: string, error: unknown): unknown {
  if (!(error instanceof RelightError)) return error;
  const context = { ...error.context, stream };
  if (error.code === "TIMEOUT") {
    return new RelightError(
      "STREAM_OFFLINE",
      `nobody answered the snapshot request for "${stream}": only the stream's leader does, and there seems to be none`,
      { cause: error, context },
    );
  }
  if (error.code !== "API_ERROR") return error;
  if (/no impl/i.test(error.message)) {
    return new RelightError("SNAPSHOT_UNSUPPORTED", `"${stream}" is kept in memory: ${error.message}`, {
      cause: error,
      context,
    });
  }
  return new RelightError("SNAPSHOT_FAILED", `the server refused a snapshot of "${stream}": ${error.message}`, {
    cause: error,
    context,
    ...(/in progress|10064/.test(error.message)
      ? { hint: "Servers before 2.15 make one snapshot of a stream at a time: wait until the other one has ended." }
      : {}),
  });
}
