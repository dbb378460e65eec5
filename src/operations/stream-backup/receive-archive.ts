import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { RelightError } from "../../errors.ts";
import type { StreamConfig, StreamState } from "../../jetstream/api-types.ts";
import type { Session } from "../../jetstream/session.ts";
import { type SnapshotEnd, snapshotStream } from "../../jetstream/snapshot.ts";
import type { Wire } from "../../jetstream/wire/wire.ts";
import { ArchiveCheck, type CheckedArchive } from "../archive-check/archive-check.ts";
import { GarbageNudge } from "../files/garbage-nudge.ts";
import { SpoolFile } from "../files/spool-file.ts";
import { fileSystemError } from "../files/staged-directory.ts";
import type { StreamBackupEvent } from "./backup-events.ts";

export interface ReceiveOptions {
  /** The connection to receive on, which is closed in the end. Default: a new one. */
  readonly connection?: Promise<Wire>;
  readonly stream: string;
  /** The directory to write into. */
  readonly path: string;
  readonly fileName: (format: "v1" | "v2") => string;
  readonly expectedBytes: number;
  /** Default true. */
  readonly consumers?: boolean;
  readonly check?: boolean;
  readonly chunkSize?: number;
  readonly windowSize?: number;
  readonly idleTimeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: StreamBackupEvent) => void;
}

export interface ReceivedArchive {
  readonly fileName: string;
  readonly config: StreamConfig;
  readonly state: StreamState;
  readonly end: SnapshotEnd;
  readonly checked: CheckedArchive;
  /** What is worth saying about the way it was made. */
  readonly notes?: readonly string[];
  /** What was verified while it was made. */
  readonly checks?: readonly string[];
}

const progressEveryMs = 100;

/**
 * Receives one snapshot into a file and has it checked from there at the same time. Leaves no file on failure.
 * Throws what the snapshot and the check throw.
 */
export async function receiveArchive(session: Session, options: ReceiveOptions): Promise<ReceivedArchive> {
  const { stream } = options;
  const partial = join(options.path, "archive.partial");
  const connection = await (options.connection ?? session.dedicate());
  let check: ArchiveCheck | undefined;
  let done = false;
  try {
    await using file = await SpoolFile.create(partial);
    // It takes a moment to start, which the server's answer does as well.
    check = ArchiveCheck.start(partial, { streamName: stream });
    const snapshot = await snapshotStream(connection, stream, {
      ...session.apiOptions,
      reuseMemory: true,
      ...(options.consumers === undefined ? {} : { consumers: options.consumers }),
      ...(options.check === undefined ? {} : { check: options.check }),
      ...(options.chunkSize === undefined ? {} : { chunkSize: options.chunkSize }),
      ...(options.windowSize === undefined ? {} : { windowSize: options.windowSize }),
      ...(options.idleTimeoutMs === undefined ? {} : { idleTimeoutMs: options.idleTimeoutMs }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    options.onEvent?.({
      kind: "started",
      stream,
      messages: snapshot.state.messages,
      bytes: snapshot.state.bytes,
    });
    let reported = 0;
    const report = (): void => {
      reported = Date.now();
      options.onEvent?.({
        kind: "progress",
        stream,
        receivedBytes: file.bytes,
        decodedBytes: check?.decodedBytes ?? 0,
        expectedBytes: options.expectedBytes,
        messages: check?.messages ?? 0,
      });
    };
    // What the NATS client or TLS receives is garbage once it was copied. TLS leaves smaller pieces.
    const every = { everyBytes: (connection.encrypted ? 8 : 4) * 1024 * 1024 };
    const garbage = connection.transient && !connection.encrypted ? undefined : new GarbageNudge(every);
    for await (const block of snapshot.chunks) {
      await file.write(block);
      garbage?.used(block.length);
      check.available(file.bytes);
      if (check.failed) {
        snapshot.cancel();
        break;
      }
      if (Date.now() - reported > progressEveryMs) report();
    }
    const [checked] = await Promise.all([check.finish(), file.finish()]);
    const end = await snapshot.ended;
    report();
    if (checked.bytes !== end.bytes) {
      throw new RelightError("FILE_SYSTEM", `${end.bytes} bytes were received, ${checked.bytes} read back`);
    }
    const fileName = options.fileName(checked.report.format);
    try {
      await rename(partial, join(options.path, fileName));
    } catch (error) {
      throw fileSystemError(`cannot rename ${partial}`, error);
    }
    done = true;
    return { fileName, config: snapshot.config, state: snapshot.state, end, checked };
  } catch (error) {
    throw damagedOnArrival(stream, error);
  } finally {
    await connection.close();
    if (!done) {
      await check?.cancel();
      await rm(partial, { force: true });
    }
  }
}

/**
 * What is damaged as it arrives is no damaged backup but a snapshot that did not come whole: asking again can help.
 * Damage that the server itself has on disk stays, and is reported after the last attempt.
 */
function damagedOnArrival(stream: string, error: unknown): unknown {
  if (!(error instanceof RelightError) || error.code !== "ARCHIVE_DAMAGED") return error;
  return new RelightError("SNAPSHOT_INCOMPLETE", `the snapshot of "${stream}" is not whole: ${error.message}`, {
    cause: error,
    context: { ...error.context, stream },
    hint: "If this comes back, the server's own copy is damaged: try with another replica as the leader.",
  });
}
