import { RelightError } from "../errors.ts";
import { ApiErrorCode } from "./api-error-codes.ts";
import type { StreamConfig, StreamInfo } from "./api-types.ts";
import { JetStreamApi, type JetStreamApiOptions } from "./jetstream-api.ts";
import { nameTakenCodes, RestoreSender, restoreCancelled, restoreError, type SenderOptions } from "./restore-sender.ts";
import type { Wire } from "./wire/wire.ts";

export { defaultInFlight, type RestoreProgress } from "./restore-sender.ts";

export interface RestoreOptions extends JetStreamApiOptions, SenderOptions {
  /**
   * The archive, S2-compressed; pieces of any size. What was handed over is sent as it is: its memory must stay as it is until
   * `inFlight` further chunks have been asked for.
   */
  readonly archive: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /**
   * Bytes in one message, at most the server's max_payload. Default 512 KiB, or 128 KiB near a server that
   * the NATS client talks to. */
  readonly chunkSize?: number;
  /** Called once all bytes are accepted and the server works on the stream. */
  readonly onSent?: () => void;
}

/** The larger, the fewer acknowledgements: 2.15 takes a million messages in 4.0 s with 512 KiB, in 5.2 s with 128 KiB. */
const defaultChunkSize = 512 * 1024;
/** The NATS client copies what it sends, so that little should be under way where that is enough. */
const nearClientChunkSize = 128 * 1024;
/** Round trips longer than this, in milliseconds, need more bytes under way to fill the link. */
export const farAwayMs = 4;

/**
 * Sends an archive to the server, which makes a stream of it, and returns the information of that stream.
 *
 * Chunks are pipelined, which is what makes a far server fast: up to `inFlight` are under way, on one connection so that
 * they keep their order. The server gives up after 5 s without a chunk, so `archive` must not pause for that long.
 * Source: nats-server `server/jetstream_api.go` (`processStreamRestore`).
 *
 * What the server reports is not proof: compare the state with what the archive holds.
 *
 * Throws RESTORE_FAILED (the server's reason in the message, its number in `context.errCode`), STREAM_EXISTS,
 * CONNECTION_LOST and TIMEOUT (whether the stream exists now is unknown in both), CANCELLED. Nothing is cleaned up here.
 *
 * @example
 * const info = await restoreStream(connection, { config, archive: createReadStream("stream.arc.s2") });
 * console.log(info.state.messages);
 */
export async function restoreStream(connection: Wire, options: RestoreOptions): Promise<StreamInfo> {
  const { config, signal } = options;
  const api = new JetStreamApi(connection, options);
  if (signal?.aborted) throw restoreCancelled(config.name, signal);
  const deliverSubject = await requestRestore(api, config, signal);
  const sender = new RestoreSender(connection, deliverSubject, options);
  try {
    const near = (connection.roundTripMs ?? (await connection.rtt())) <= farAwayMs;
    const fitting = near && !connection.transient ? nearClientChunkSize : defaultChunkSize;
    const maxPayload = connection.info?.max_payload ?? fitting;
    const chunkSize = Math.max(1, Math.min(options.chunkSize ?? fitting, maxPayload));
    for await (const piece of options.archive) {
      for (let at = 0; at < piece.length; at += chunkSize) {
        await sender.send(piece.subarray(at, at + chunkSize));
      }
    }
    await sender.drained();
    options.onSent?.();
    const answer = await sender.finish();
    if (answer.error) throw restoreError(config.name, answer.error);
    return answer as StreamInfo;
  } finally {
    sender.close();
  }
}

/** A server that has just been started counts as one that can take nothing until it has told what it has. */
const peersMs = 8_000;

/** Asks for a restore. That no server can take it is asked once more for a while: it may pass, and nothing was done. */
async function requestRestore(
  api: JetStreamApi<Wire>,
  config: StreamConfig,
  signal: AbortSignal | undefined,
): Promise<string> {
  const until = Date.now() + peersMs;
  for (;;) {
    try {
      const answer = await api.request<{ deliver_subject: string }>(
        `STREAM.RESTORE.${config.name}`,
        { config },
        { timeoutMs: Math.max(api.timeoutMs, 30_000) },
      );
      return answer.deliver_subject;
    } catch (error) {
      const noPeers = error instanceof RelightError && error.context.errCode === ApiErrorCode.noPeers;
      if (!noPeers || Date.now() > until) throw refused(config.name, error);
      await new Promise((resolve) => setTimeout(resolve, 500));
      if (signal?.aborted) throw restoreCancelled(config.name, signal);
    }
  }
}

function refused(stream: string, error: unknown): unknown {
  if (!(error instanceof RelightError) || error.code !== "API_ERROR") return error;
  const errCode = error.context.errCode;
  if (typeof errCode === "number" && nameTakenCodes.includes(errCode)) {
    return new RelightError("STREAM_EXISTS", `Stream "${stream}" already exist`, { cause: error, context: { stream } });
  }
  return new RelightError("RESTORE_FAILED", `the server refused to restore "${stream}": ${error.message}`, {
    cause: error,
    context: { ...error.context, stream },
    ...(errCode === ApiErrorCode.noPeers
      ? {
          hint:
            "No server that answers can take it: see relight cluster status; tags, the cluster that it is to be placed in, storage and " +
            "the number of replicas decide. --replicas restores it with fewer.",
        }
      : {}),
  });
}
