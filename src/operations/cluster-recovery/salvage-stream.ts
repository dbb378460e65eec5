import { createHash } from "node:crypto";
import { join } from "node:path";
import { RelightError } from "../../errors.ts";
import { archiveName, backupJsonName, formatBackupJson } from "../../formats/directory/backup-json.ts";
import { formatManifest, type Manifest, manifestName } from "../../formats/directory/manifest.ts";
import { isAtLeast } from "../../jetstream/server-version.ts";
import type { Session } from "../../jetstream/session.ts";
import { StagedDirectory, writeDurably } from "../files/staged-directory.ts";
import { buildManifest } from "../stream-backup/build-manifest.ts";
import { captureArchive } from "../stream-backup/capture-archive.ts";
import { judgeBackup } from "../stream-backup/judge-backup.ts";

export interface SalvageOptions {
  readonly stream: string;
  readonly directory: string;
  /** The last sequence that a living replica was seen to hold; null: nobody told. */
  readonly lastSeq: number | null;
  readonly tool: string;
  readonly signal?: AbortSignal | undefined;
  readonly onMessages?: (messages: number) => void;
}

/**
 * Reads a stream that has no leader, by direct get, which its living replicas answer all the same, into a backup's directory. The
 * archive is read back and held against what the replica says that it holds. Consumers are not in it: nobody leads them either.
 *
 * Throws SNAPSHOT_INCOMPLETE, SNAPSHOT_UNSUPPORTED (no direct get), SNAPSHOT_STALLED, SOURCE_CHANGED, FILE_SYSTEM, CANCELLED, and
 * what the API throws; nothing is left behind then.
 */
export async function salvageStream(session: Session, options: SalvageOptions): Promise<Manifest> {
  const { stream, lastSeq, signal } = options;
  const started = new Date();
  const before = await session.api.streamInfo(stream);
  if (lastSeq !== null && before.state.last_seq < lastSeq) {
    throw new RelightError(
      "SNAPSHOT_INCOMPLETE",
      `who answers for "${stream}" holds sequences up to ${before.state.last_seq}, and another replica up to ${lastSeq}`,
      { context: { stream }, hint: "Run the command again: another replica may answer." },
    );
  }
  await using staged = await StagedDirectory.create(options.directory, { looksOurs: () => false });
  const received = await captureArchive(session, {
    stream,
    path: staged.path,
    fileName: archiveName,
    expectedBytes: before.state.bytes,
    consumerInfos: [],
    exact: false,
    methods: isAtLeast(session.api.serverVersion, 2, 11) ? ["direct-get", "single-direct-get"] : ["single-direct-get"],
    why: "because the stream has no leader, without its consumers",
    ...(signal ? { signal } : {}),
    onEvent: (event) => {
      if (event.kind === "progress") options.onMessages?.(event.messages);
    },
  });
  const after = await session.api.streamInfo(stream);
  const verdict = judgeBackup({ before, after, state: received.state, report: received.checked.report });
  if (!verdict.complete) {
    throw new RelightError(
      "SNAPSHOT_INCOMPLETE",
      `what was read of "${stream}" is not whole: ${verdict.problems.join("; ")}`,
    );
  }
  const backupJson = formatBackupJson({ config: received.config, state: received.state });
  await writeDurably(join(staged.path, backupJsonName), backupJson);
  const manifest = buildManifest({
    tool: options.tool,
    session,
    before,
    after,
    received,
    verdict,
    movements: [],
    notes: [...(received.notes ?? []), ...verdict.notes],
    attempts: 1,
    started,
    finished: new Date(),
    consumers: { consumers: [], missing: [] },
    consumersRequested: false,
    backupJson: {
      bytes: Buffer.byteLength(backupJson),
      sha256: createHash("sha256").update(backupJson).digest("hex"),
    },
  });
  await writeDurably(join(staged.path, manifestName), formatManifest(manifest));
  signal?.throwIfAborted();
  await staged.commit();
  return manifest;
}
