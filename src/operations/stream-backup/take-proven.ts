import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isRelightError, RelightError } from "../../errors.ts";
import type { ConsumerInfo, StreamInfo } from "../../jetstream/api-types.ts";
import { isOwnConsumer } from "../../jetstream/capture/own-consumers.ts";
import type { Session } from "../../jetstream/session.ts";
import type { Wire } from "../../jetstream/wire/wire.ts";
import { captureArchive, needsCapture } from "./capture-archive.ts";
import { type BackupVerdict, judgeBackup } from "./judge-backup.ts";
import { type ReceivedArchive, type ReceiveOptions, receiveArchive } from "./receive-archive.ts";
import { streamMovements } from "./stream-movement.ts";
import { whileConnecting } from "./while-connecting.ts";

export interface TakeOptions extends Omit<ReceiveOptions, "expectedBytes"> {
  /** How often the snapshot may be asked for in all. Default 4. */
  readonly attempts?: number;
  /**
   * Go on where consumers cannot be listed, as while nobody leads the meta group: the archive then has those that the stream's
   * leader has, and a note says so. Default: that fails, with STREAM_OFFLINE.
   */
  readonly unlistedConsumers?: boolean;
  /** How long a server may take to come back in the middle of a backup, in milliseconds. Default 30,000. */
  readonly comingBackMs?: number;
}

/** Errors after which the same snapshot, asked for again, can succeed. */
const worthAnotherTry = ["SNAPSHOT_STALLED", "SNAPSHOT_INCOMPLETE", "SOURCE_CHANGED", "CONNECTION_LOST"] as const;

/** nats-server 2.15 leaves a message out of a snapshot that it cannot read, and ends as if nothing were missing. */
const unreadableHint =
  "The stream stood still meanwhile. If this comes back, the server cannot read what is missing: its own copy is damaged. " +
  "Try with another replica as the leader.";

/** Errors of a server that is just coming back; they end a backup only where nothing had been disturbed before. */
const comingBack = ["STREAM_OFFLINE", "TIMEOUT", "JETSTREAM_UNAVAILABLE"] as const;

const defaultComingBackMs = 30_000;

/**
 * How long to wait for a snapshot of the same stream that a server before 2.15 still has under way: most often one whose
 * receiver is gone, this run's own lost connection or a killed process, which the server notices after 2 to 5 s.
 */
const othersSnapshotMs = 12_000;

/** Chunk and window of each further attempt after a stall: ever less under way, for slow links and disks. */
const smaller: readonly { readonly chunkSize: number; readonly windowSize: number }[] = [
  { chunkSize: 30 * 1024, windowSize: 1 * 1024 * 1024 },
  { chunkSize: 16 * 1024, windowSize: 256 * 1024 },
  { chunkSize: 8 * 1024, windowSize: 64 * 1024 },
];

export interface Taken {
  readonly received: ReceivedArchive;
  readonly verdict: BackupVerdict;
  /** Right before the attempt that succeeded: not the stream that the run began with, where that was created again. */
  readonly before: StreamInfo;
  readonly after: StreamInfo;
  readonly attempts: number;
  readonly consumers: ListedConsumers;
}

export interface ListedConsumers {
  readonly consumers: readonly ConsumerInfo[];
  readonly missing: readonly string[];
  /** Nobody could list them. */
  readonly unlisted?: boolean;
}

/**
 * Asks for snapshots of a stream until one is proven complete, or no further attempt is worth while. `firstInfo`: the
 * stream before. Throws what {@link receiveArchive} throws, STREAM_NOT_FOUND, SOURCE_CHANGED, SNAPSHOT_INCOMPLETE.
 */
export async function takeProven(session: Session, options: TakeOptions, firstInfo: StreamInfo): Promise<Taken> {
  const { stream } = options;
  const limit = Math.max(1, options.attempts ?? 4);
  let before = firstInfo;
  let stalls = 0;
  let { connection: given } = options;
  let busyUntil: number | undefined;
  let noSnapshots: string | undefined;
  for (let attempt = 1; ; attempt++) {
    try {
      const connection = given;
      given = undefined;
      const { consumers, received } =
        noSnapshots !== undefined || needsCapture(session, before)
          ? await capture(session, options, { connection, before, attempt, why: noSnapshots })
          : await receive(session, options, { connection, before, stalls });
      const after = await session.api.findStream(stream);
      const { state, checked } = received;
      const verdict = judgeBackup({ before, after, state, report: checked.report });
      if (!verdict.complete || after === undefined) {
        // The next one may be of the other format, and a backup has one archive.
        await rm(join(options.path, received.fileName), { force: true });
        const code = after === undefined || after.created !== before.created ? "SOURCE_CHANGED" : "SNAPSHOT_INCOMPLETE";
        throw new RelightError(code, `the backup of "${stream}" is not whole: ${verdict.problems.join("; ")}`, {
          context: { stream, problems: verdict.problems },
          ...(after && streamMovements(before, after).length === 0 ? { hint: unreadableHint } : {}),
        });
      }
      return { received, verdict, before, after, attempts: attempt, consumers };
    } catch (error) {
      const known = await explain(session, before, error);
      if (isInProgress(known)) {
        busyUntil ??= Date.now() + othersSnapshotMs;
        if (Date.now() >= busyUntil) throw known;
        attempt--;
        await sleep(500, undefined, options.signal ? { signal: options.signal } : {});
        continue;
      }
      busyUntil = undefined;
      if (noSnapshots === undefined && leaderMakesNone(before, known)) {
        // Of no use for what the leader does not do: the same attempt, in the other way.
        noSnapshots = `because the server that leads it is older than nats-server ${session.api.serverVersion.text} and makes no snapshot of a stream in memory`;
        attempt--;
        continue;
      }
      const transient = attempt > 1 ? [...worthAnotherTry, ...comingBack] : worthAnotherTry;
      if (attempt >= limit || !transient.some((code) => isRelightError(known, code))) throw known;
      if (isRelightError(known, "SNAPSHOT_STALLED")) stalls++;
      options.onEvent?.({ kind: "retry", stream, attempt: attempt + 1, reason: (known as Error).message });
      await sleep(250 * attempt, undefined, options.signal ? { signal: options.signal } : {});
      before = await infoOnceBack(session, options, known);
    }
  }
}

interface Given {
  /** A connection that is being made for this. */
  readonly connection: Promise<Wire> | undefined;
  readonly before: StreamInfo;
}

/** Has the server make a snapshot. */
async function receive(
  session: Session,
  options: TakeOptions,
  { connection = session.dedicate(), before, stalls }: Given & { readonly stalls: number },
): Promise<Pick<Taken, "consumers" | "received">> {
  const less = stalls > 0 ? smaller[Math.min(stalls, smaller.length) - 1] : undefined;
  const consumers = await whileConnecting(connection, () => consumersOf(session, options));
  const received = await receiveArchive(session, {
    ...options,
    connection,
    ...(less ? { chunkSize: Math.min(options.chunkSize ?? less.chunkSize, less.chunkSize) } : {}),
    ...(less ? { windowSize: Math.min(options.windowSize ?? less.windowSize, less.windowSize) } : {}),
    expectedBytes: before.state.bytes,
  });
  return { consumers, received };
}

/** Reads message by message, on the session's own connection; a second attempt asks the stream's leader only. */
async function capture(
  session: Session,
  options: TakeOptions,
  { connection, before, attempt, why }: Given & { readonly attempt: number; readonly why: string | undefined },
): Promise<Pick<Taken, "consumers" | "received">> {
  connection?.then(
    (made) => made.close(),
    () => {},
  );
  const consumers = await consumersOf(session, options);
  const received = await captureArchive(session, {
    ...options,
    consumerInfos: consumers.consumers,
    exact: attempt > 1,
    ...(why === undefined ? {} : { why }),
    expectedBytes: before.state.bytes,
  });
  return { consumers, received };
}

/** The stream's, not Relight's own. From each consumer's own leader: an archive holds what the stream's leader knows, which can be less. */
async function consumersOf(
  session: Session,
  { stream, consumers, unlistedConsumers }: TakeOptions,
): Promise<ListedConsumers> {
  if (consumers === false) return { consumers: [], missing: [] };
  try {
    const listed = await session.api.consumers(stream);
    return { ...listed, consumers: listed.consumers.filter(({ config }) => !isOwnConsumer(config)) };
  } catch (error) {
    if (unlistedConsumers && isRelightError(error, "STREAM_OFFLINE"))
      return { consumers: [], missing: [], unlisted: true };
    throw error;
  }
}

/**
 * The stream's information, as soon as a server that was restarted, or a new leader, gives it. Throws `lost`, which is why
 * the server is asked, where it does not come back.
 */
async function infoOnceBack(
  session: Session,
  { stream, signal, comingBackMs = defaultComingBackMs }: TakeOptions,
  lost: unknown,
): Promise<StreamInfo> {
  const until = Date.now() + comingBackMs;
  for (;;) {
    try {
      return await session.api.streamInfo(stream);
    } catch (error) {
      const away = [...comingBack, "CONNECTION_LOST" as const].some((code) => isRelightError(error, code));
      if (!away) throw error;
      if (session.api.connection.isClosed() || Date.now() >= until) throw lost;
      await sleep(250, undefined, signal ? { signal } : {});
    }
  }
}

/** Servers of several versions, as while they are upgraded: the one that answers here makes snapshots that the stream's leader does not. */
function leaderMakesNone({ config }: StreamInfo, error: unknown): boolean {
  return config.storage === "memory" && isRelightError(error, "SNAPSHOT_UNSUPPORTED");
}

function isInProgress(error: unknown): boolean {
  return isRelightError(error, "SNAPSHOT_FAILED") && /snapshot in progress/.test(error.message);
}

/** A silence, and a server that gives up, have a cause that it can be asked for: the stream is gone, or was purged. */
async function explain(session: Session, before: StreamInfo, error: unknown): Promise<unknown> {
  if (!isRelightError(error, "SNAPSHOT_STALLED") && !isRelightError(error, "SNAPSHOT_FAILED")) return error;
  const stream = before.config.name;
  let now: StreamInfo | undefined;
  try {
    now = await session.api.findStream(stream);
  } catch {
    return error;
  }
  if (!now) {
    return new RelightError("STREAM_NOT_FOUND", `stream "${stream}" was deleted while its backup ran`, {
      cause: error,
    });
  }
  // A block that goes while it is its turn ends a v1 snapshot; one that cannot be read would be no better next time.
  const gaveUp = error.code === "SNAPSHOT_FAILED" && error.context.status !== undefined;
  const moved = now.created !== before.created || now.state.first_seq > before.state.first_seq;
  if (!gaveUp || !moved) return error;
  return new RelightError("SNAPSHOT_INCOMPLETE", `messages left while the server copied them: ${error.message}`, {
    cause: error,
    context: error.context,
  });
}
