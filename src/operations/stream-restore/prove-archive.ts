import { createHash } from "node:crypto";
import { RelightError } from "../../errors.ts";
import { problemsSinceStart, stateAtStart } from "../../formats/archive/losses-at-start.ts";
import { refuseIncomplete } from "../../formats/archive/refuse-incomplete.ts";
import { type ArchiveFacts, archiveFacts } from "../../formats/directory/archive-facts.ts";
import { ArchiveCheck } from "../archive-check/archive-check.ts";
import { readAhead } from "../files/read-in-turns.ts";
import { limitedReport } from "./limited-report.ts";
import type { StoredStream } from "./read-backup.ts";
import type { StreamRestoreEvent } from "./restore-events.ts";

export interface ProvenArchive {
  readonly facts: ArchiveFacts;
  /** Messages older than the cut-off that was given. */
  readonly expired: number;
}

export interface ProveOptions {
  /** Count messages that are older than this, in nanoseconds since 1970. */
  readonly expiredBefore?: bigint;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: StreamRestoreEvent) => void;
}

/**
 * Proves, before anything is sent, that an archive is whole. Where a manifest says that it was decoded to its end once,
 * and its hash is still the same, that proof holds; otherwise it is decoded now, with every checksum in it.
 *
 * Throws ARCHIVE_DAMAGED (entry and offset in the message), BACKUP_INVALID, CANCELLED.
 */
export async function proveArchive(stored: StoredStream, options: ProveOptions): Promise<ProvenArchive> {
  const { manifest } = stored;
  const facts = factsOfManifest(stored, options.expiredBefore);
  if (manifest && facts) {
    await checkHash(stored, manifest.archive.sha256, options);
    return { facts, expired: 0 };
  }
  const check = ArchiveCheck.start(stored.archive, {
    ...(options.expiredBefore === undefined ? {} : { expiredBefore: options.expiredBefore }),
    ...(stored.stream === "" ? {} : { streamName: stored.stream }),
  });
  const onAbort = (): void => void check.cancel();
  options.signal?.addEventListener("abort", onAbort, { once: true });
  const ticker = setInterval(() => {
    options.onEvent?.({
      kind: "checking",
      stream: stored.stream,
      bytes: Math.min(check.encodedBytes, stored.archiveBytes),
      totalBytes: stored.archiveBytes,
    });
  }, 100);
  try {
    check.available(stored.archiveBytes);
    const { report: found, sha256 } = await check.finish();
    const report = limitedReport(stored, found);
    if (!stored.salvaged) refuseIncomplete(problemsSinceStart(report, stateAtStart(stored.state)));
    if (manifest && manifest.archive.sha256 !== sha256) throw wrongHash(stored);
    return { facts: archiveFacts(report), expired: report.expired };
  } catch (error) {
    throw namingFile(stored, error);
  } finally {
    clearInterval(ticker);
    options.signal?.removeEventListener("abort", onAbort);
  }
}

/**
 * What the manifest says of an archive that has no messages older than `expiredBefore`: true as soon as the archive's hash is
 * known to be the same. Undefined where it does not say enough.
 */
export function factsOfManifest(
  { manifest }: StoredStream,
  expiredBefore: bigint | undefined,
): ArchiveFacts | undefined {
  const facts = manifest?.content;
  // Ages are only known from the messages, so limits on age need a full look, unless the oldest is young enough.
  if (!facts || expiredBefore === undefined) return facts;
  const young = facts.firstTime !== null && BigInt(Date.parse(facts.firstTime)) * 1_000_000n > expiredBefore;
  return young ? facts : undefined;
}

async function checkHash(stored: StoredStream, expected: string, options: ProveOptions): Promise<void> {
  const hash = createHash("sha256");
  let bytes = 0;
  let reported = 0;
  for await (const piece of readAhead(stored.archive, Math.min(512 * 1024, Math.max(stored.archiveBytes, 1)))) {
    options.signal?.throwIfAborted();
    hash.update(piece);
    bytes += piece.length;
    if (Date.now() - reported > 100) {
      reported = Date.now();
      options.onEvent?.({ kind: "checking", stream: stored.stream, bytes, totalBytes: stored.archiveBytes });
    }
  }
  if (hash.digest("hex") !== expected) throw wrongHash(stored);
}

function wrongHash(stored: StoredStream): RelightError {
  return new RelightError(
    "ARCHIVE_DAMAGED",
    `${stored.archive} is not what it was when it was proven: its SHA-256 differs`,
    {
      context: { path: stored.archive },
    },
  );
}

/** For what needs a configuration. A v2 archive does not hold it. */
export function noConfiguration({ path }: StoredStream): RelightError {
  return new RelightError("BACKUP_INVALID", `${path} holds no configuration of a stream`, {
    context: { path },
    hint: "That of a v2 archive is in backup.json beside it: give the directory that holds both. To look at its messages none is needed.",
  });
}

/** The same error, naming the file, which the decoder does not know. */
export function namingFile(stored: StoredStream, error: unknown): unknown {
  if (!(error instanceof RelightError) || error.message.startsWith(stored.archive)) return error;
  if (error.code !== "ARCHIVE_DAMAGED" && error.code !== "SNAPSHOT_INCOMPLETE") return error;
  return new RelightError("ARCHIVE_DAMAGED", `${stored.archive}: ${error.message}`, {
    cause: error,
    context: { ...error.context, path: stored.archive },
  });
}
