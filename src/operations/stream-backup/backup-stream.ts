import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { RelightError } from "../../errors.ts";
import { archiveName, backupJsonName, formatBackupJson } from "../../formats/directory/backup-json.ts";
import { formatManifest, type Manifest, manifestName } from "../../formats/directory/manifest.ts";
import type { StreamConfig, StreamInfo } from "../../jetstream/api-types.ts";
import { anyOriginSubject, leftoverText, originOf, restoreLeftover } from "../../jetstream/restore-leftovers.ts";
import type { Session } from "../../jetstream/session.ts";
import { versionRules } from "../../jetstream/version-rules.ts";
import { StagedDirectory, writeDurably } from "../files/staged-directory.ts";
import { buildManifest } from "./build-manifest.ts";
import { serverNotes } from "./server-notes.ts";
import { type StreamMovement, streamMovements } from "./stream-movement.ts";
import { type TakeOptions, takeProven } from "./take-proven.ts";
import { whileConnecting } from "./while-connecting.ts";

export interface StreamBackupOptions extends Omit<TakeOptions, "connection" | "path" | "fileName"> {
  readonly directory: string;
  /** Replace a backup that stands in `directory`, once the new one is proven. */
  readonly force?: boolean;
  /** Goes into the manifest. */
  readonly tool: string;
}

export interface StreamBackupResult {
  readonly directory: string;
  readonly manifest: Manifest;
  readonly movements: readonly StreamMovement[];
  readonly notes: readonly string[];
  /** The stream is one that a restore had begun to make: what was backed up is not all of it. */
  readonly halfMade: boolean;
}

/**
 * Backs up one stream into a directory that `nats stream restore` accepts, and proves it: the archive is decoded to its
 * end while it arrives, every checksum in it verified, and its sequences held against the stream's. The directory appears
 * only when all of that has passed. A stream in memory, of which servers before 2.15 make no snapshot, is read message by
 * message instead.
 *
 * Throws, having left nothing behind: STREAM_NOT_FOUND, STREAM_OFFLINE, SNAPSHOT_UNSUPPORTED, SNAPSHOT_FAILED,
 * SNAPSHOT_STALLED, SNAPSHOT_INCOMPLETE, SOURCE_CHANGED, ARCHIVE_DAMAGED, BACKUP_EXISTS, FILE_SYSTEM, CONNECTION_LOST,
 * CANCELLED.
 */
export async function backupStream(session: Session, options: StreamBackupOptions): Promise<StreamBackupResult> {
  const { stream, signal } = options;
  const started = new Date();
  // The stream first: a name that does not exist must not leave so much as a temporary directory.
  const connection = session.dedicate();
  const before = await whileConnecting(connection, () => session.api.streamInfo(stream));
  refuseLargeSequences(before);
  const rules = versionRules(session.api.serverVersion);
  await using staged = await whileConnecting(connection, () =>
    StagedDirectory.create(options.directory, {
      replace: options.force ?? false,
      looksOurs: (names) => names.includes(backupJsonName) || names.includes(manifestName),
    }),
  );
  const taken = await takeProven(session, { ...options, connection, path: staged.path, fileName: archiveName }, before);

  const { received, verdict, after, attempts } = taken;
  const notes = [
    ...(received.notes ?? []),
    ...verdict.notes,
    ...serverNotes(before.config, rules),
    ...(await restoreNotes(session, before.config)),
  ];
  const movements = streamMovements(before, after);
  const backupJson = formatBackupJson({ config: received.config, state: received.state });
  await writeDurably(join(staged.path, backupJsonName), backupJson);
  const manifest = buildManifest({
    tool: options.tool,
    session,
    before: taken.before,
    after,
    received,
    verdict,
    movements,
    notes,
    attempts,
    started,
    finished: new Date(),
    consumers: taken.consumers,
    consumersRequested: options.consumers ?? true,
    backupJson: { bytes: Buffer.byteLength(backupJson), sha256: sha256(backupJson) },
  });
  // Read back: the description has to say what it was meant to say.
  if ((await readFile(join(staged.path, backupJsonName), "utf8")) !== backupJson) {
    throw new RelightError("FILE_SYSTEM", `${backupJsonName} does not read back as it was written`);
  }
  await writeDurably(join(staged.path, manifestName), formatManifest(manifest));
  signal?.throwIfAborted();
  await staged.commit();
  const halfMade = restoreLeftover(before.config)?.kind === "half-made";
  return { directory: staged.target, manifest, movements, notes, halfMade };
}

/** Beyond 2^53 the numbers in here are not exact. A stream gets there by its first_seq only. */
function refuseLargeSequences({ config, state }: StreamInfo): void {
  if (Number.isSafeInteger(state.last_seq) && Number.isSafeInteger(state.first_seq)) return;
  throw new RelightError(
    "SNAPSHOT_UNSUPPORTED",
    `"${config.name}" has sequences of 2^53 or more, which relight does not read`,
    {
      context: { stream: config.name },
      hint: "Back it up with the nats CLI: nats backup stream; its restore works without relight as well.",
    },
  );
}

/** What a killed restore of the stream left. */
async function restoreNotes({ api }: Session, config: StreamConfig): Promise<readonly string[]> {
  const itself = restoreLeftover(config);
  // Who may not ask for the names has a backup all the same.
  const names = await api.streamNames({ subject: anyOriginSubject }).catch(() => []);
  const origins = names.flatMap((name) => {
    const stream = originOf(name)?.stream;
    return stream === config.name ? [{ name, of: stream, kind: "origin" } as const] : [];
  });
  return [...(itself ? [itself] : []), ...origins].map(leftoverText);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
