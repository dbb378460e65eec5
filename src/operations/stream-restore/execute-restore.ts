import { RelightError } from "../../errors.ts";
import type { StreamInfo } from "../../jetstream/api-types.ts";
import { isWireNear } from "../../jetstream/is-near.ts";
import { defaultInFlight, restoreStream } from "../../jetstream/restore.ts";
import type { Session } from "../../jetstream/session.ts";
import { GarbageNudge } from "../files/garbage-nudge.ts";
import { readInTurns } from "../files/read-in-turns.ts";
import { convertOnTheWay } from "./convert-on-the-way.ts";
import { withMixedVersionsHint } from "./mixed-versions-hint.ts";
import type { PreparedRestore } from "./prepare-restore.ts";
import { publishRestore } from "./publish-restore.ts";
import { lateProof, proveRestored, type ReadBack } from "./read-back.ts";
import { removeHalfMade } from "./remove-half-made.ts";
import { type ReplacedStream, replaceStream } from "./replace-stream.ts";
import { type Patience, replicasBehind } from "./replicas-behind.ts";
import type { StreamRestoreEvent } from "./restore-events.ts";
import { refusal } from "./restore-refusal.ts";
import { settleConfig } from "./settle-config.ts";
import { StandingOrigins } from "./standing-origins.ts";
import type { RestoreOutcome } from "./verify-restored.ts";

export interface ExecuteOptions {
  readonly chunkSize?: number;
  readonly inFlight?: number;
  /** Where the safety backup of a replaced stream goes. */
  readonly safetyDirectory: string;
  readonly tool: string;
  /** Streams that are restored together with this one, with the last sequence that each has in its backup. */
  readonly restored?: ReadonlyMap<string, number>;
  /** Is told what became of this stream, for those that copy from it. */
  readonly standing?: StandingOrigins;
  /** What stood there, where it was replaced before. */
  readonly replaced?: ReplacedStream | undefined;
  /** How long replicas may still be waited for; one for all streams of a run. */
  readonly patience: Patience;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: StreamRestoreEvent) => void;
}

export interface ExecutedRestore {
  readonly info: StreamInfo;
  readonly outcome: RestoreOutcome;
  readonly seconds: number;
  /** The safety backup of the stream that was replaced. */
  readonly safety?: string;
}

/**
 * Carries out one plan: a safety backup where a stream is replaced, the transfer, and the proof that the server now has
 * what the archive holds. On failure what this run created is removed, and a replaced stream is put back.
 *
 * Throws RESTORE_REFUSED, STREAM_EXISTS, RESTORE_FAILED, RESTORE_MISMATCH, CONNECTION_LOST, TIMEOUT, CANCELLED; the message says what
 * was left where something was.
 */
export async function executeRestore(
  session: Session,
  prepared: PreparedRestore,
  options: ExecuteOptions,
): Promise<ExecutedRestore> {
  const { plan } = prepared;
  if (plan.action === "refuse" || plan.action === "skip") throw refusal(prepared);
  const started = Date.now();
  const { standing = new StandingOrigins() } = options;
  let { replaced } = options;
  if (plan.action === "replace" && !replaced) {
    replaced = await replaceStream(session, plan.stream, {
      directory: options.safetyDirectory,
      tool: options.tool,
      ...(options.signal ? { signal: options.signal } : {}),
      ...(options.onEvent ? { onEvent: options.onEvent } : {}),
    });
  }
  try {
    const oneByOne = plan.route === "by-message" || plan.route === "through-mirror";
    const { info, outcome: proven } = await (oneByOne ? publish : transfer)(session, prepared, options);
    const seconds = (Date.now() - started) / 1000;
    standing.stands(prepared, replaced);
    const outcome = { ...proven, notes: [...proven.notes, ...(await replicaNotes(session, plan.stream, options))] };
    return {
      info,
      outcome,
      seconds,
      ...(replaced ? { safety: replaced.directory } : {}),
    };
  } catch (error) {
    const left = await removeHalfMade(session, prepared, error, started);
    const told = withWhatIsLeft(withMixedVersionsHint(error, prepared, session), left);
    const all = replaced ? await replaced.putBack(told, standing) : told;
    standing.failed(prepared, replaced);
    throw all;
  }
}

const pieceBytes = 512 * 1024;

async function transfer(session: Session, prepared: PreparedRestore, options: ExecuteOptions): Promise<ReadBack> {
  const { plan, stored } = prepared;
  const { onEvent } = options;
  const connection = await session.dedicate();
  const inFlight = options.inFlight ?? defaultInFlight;
  const converted =
    prepared.converted ??
    convertOnTheWay(session, prepared, {
      inFlight,
      local: await isWireNear(connection),
      restored: options.restored,
    });
  try {
    await converted?.ready;
    let reported = 0;
    let acknowledged = 0;
    const garbage = connection.transient ? undefined : new GarbageNudge();
    // A piece may be sent as several chunks, but no chunk is more than a piece.
    const turns = {
      pieceBytes: Math.min(Math.max(pieceBytes, options.chunkSize ?? 0), Math.max(stored.archiveBytes, 1)),
      pieces: inFlight + 2,
    };
    await restoreStream(connection, {
      ...session.apiOptions,
      config: plan.config,
      archive: converted ?? readInTurns(stored.archive, turns),
      ...(options.chunkSize === undefined ? {} : { chunkSize: options.chunkSize }),
      inFlight,
      ...(options.signal ? { signal: options.signal } : {}),
      onProgress: ({ bytes }) => {
        converted?.free(bytes);
        garbage?.used(bytes - acknowledged);
        acknowledged = bytes;
        if (Date.now() - reported < 100 && bytes < stored.archiveBytes) return;
        reported = Date.now();
        const sent = converted ? converted.sourceBytes : bytes;
        onEvent?.({ kind: "sending", stream: plan.stream, bytes: sent, totalBytes: stored.archiveBytes });
      },
      onSent: () => onEvent?.({ kind: "finishing", stream: plan.stream }),
    });
  } catch (error) {
    const proven = await lateProof(session, prepared, error);
    if (proven) return proven;
    throw error;
  } finally {
    // First: what is still to be sent lies in the memory of the conversion.
    await connection.close();
    await converted?.close();
  }
  if (plan.settleConfig) await settleConfig(session, plan.config);
  return await proveRestored(session, prepared);
}

/** The same, message by message. */
async function publish(session: Session, prepared: PreparedRestore, options: ExecuteOptions): Promise<ReadBack> {
  const notes = await publishRestore(session, prepared, options);
  const found = await proveRestored(session, prepared);
  return { ...found, outcome: { ...found.outcome, notes: [...notes, ...found.outcome.notes] } };
}

/** The stream is there and right; that nothing more can be learned about its replicas is no failure of the restore. */
async function replicaNotes(
  { api }: Session,
  stream: string,
  { patience, signal, onEvent }: ExecuteOptions,
): Promise<string[]> {
  try {
    const behind = await replicasBehind(api, stream, patience, {
      ...(signal ? { signal } : {}),
      onWait: () => onEvent?.({ kind: "replicating", stream }),
    });
    return behind === undefined ? [] : [behind];
  } catch (error) {
    return [`whether all replicas have it is not known: ${error instanceof Error ? error.message : String(error)}`];
  }
}

function withWhatIsLeft(error: unknown, left: string | undefined): unknown {
  if (left === undefined || !(error instanceof RelightError)) return error;
  return new RelightError(error.code, `${error.message}; ${left}`, {
    cause: error,
    context: { ...error.context, left },
    hint: error.hint,
  });
}
