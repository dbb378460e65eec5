import { createInbox } from "@nats-io/nats-core";
import { RelightError } from "../errors.ts";
import type { StreamConfig, StreamState } from "./api-types.ts";
import { JetStreamApi, type JetStreamApiOptions } from "./jetstream-api.ts";
import {
  type ConversationOptions,
  SnapshotConversation,
  type SnapshotEnd,
  snapshotCancelled,
} from "./snapshot-conversation.ts";
import { versionRules } from "./version-rules.ts";
import type { Wire } from "./wire/wire.ts";

export type { SnapshotEnd, SnapshotProgress } from "./snapshot-conversation.ts";

export interface SnapshotOptions extends JetStreamApiOptions, ConversationOptions {
  /** Include consumers, with their state. Default true. */
  readonly consumers?: boolean;
  /** Let the server check its store before it sends (servers up to 2.14; 2.15 checks every message anyway). */
  readonly check?: boolean;
  /** Bytes in one message, at most the server's max_payload. Default 30 KiB. */
  readonly chunkSize?: number;
  /** Bytes that the server may have under way unacknowledged; servers before 2.12.5 always use 8 MiB. */
  readonly windowSize?: number;
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
  if (signal?.aborted) throw snapshotCancelled(stream, signal);

  // A literal subject: wildcards are refused by newer servers, and older ones wait 2 s for interest in them.
  const deliverSubject = createInbox(options.inboxPrefix);
  const conversation = new SnapshotConversation(connection, stream, deliverSubject, options);
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
