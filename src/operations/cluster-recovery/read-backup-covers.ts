import { settingsOf } from "../../cluster/observe/picture-stream.ts";
import type { BackedUpConsumer, BackupCover } from "../../cluster/plan/plan-request.ts";
import type { Manifest } from "../../formats/directory/manifest.ts";
import type { StreamConfig } from "../../jetstream/api-types.ts";
import { isDirectory } from "../files/is-directory.ts";
import type { StoredStream } from "../stream-restore/read-backup.ts";

/** What the directories of `--backups` are worth to a plan. */
export interface BackupCovers {
  readonly covers: readonly FoundCover[];
  /** Backups that are not believed, and why: for a person. */
  readonly refused: readonly string[];
}

export interface FoundCover {
  readonly cover: BackupCover;
  /** The cluster that it was made on; null: it does not say. */
  readonly cluster: string | null;
  /** What it was read from. */
  readonly stored: Pick<StoredStream, "config" | "manifest">;
}

/**
 * Reads what could be restored: account directories of both layouts, and backups of single streams. Only what has a manifest, and
 * beside it the whole archive that the manifest tells of, counts as proven; the archives themselves are not read again.
 *
 * Throws BACKUP_NOT_FOUND, BACKUP_INVALID, ARCHIVE_DAMAGED, FILE_SYSTEM where a path as a whole is of no use.
 */
export async function readBackupCovers(paths: readonly string[]): Promise<BackupCovers> {
  const covers: FoundCover[] = [];
  const refused: string[] = [];
  for (const path of paths) {
    const { streams, failures } = await storedIn(path);
    refused.push(...failures);
    for (const stored of streams) {
      const found = coverOf(stored);
      if (typeof found === "string") refused.push(`${stored.path} (${stored.stream}): ${found}`);
      else covers.push(found);
    }
  }
  return { covers, refused };
}

async function storedIn(
  path: string,
): Promise<{ readonly streams: readonly StoredStream[]; readonly failures: readonly string[] }> {
  const { readAccountBackup, readBackup } = await import("../stream-restore/read-backup.ts");
  const { isConfigurationLayout, readConfiguration } = await import("../account-restore/read-configuration.ts");
  // What is not there is refused by the reader, in its words.
  if (!(await isDirectory(path))) return { streams: await readBackup(path), failures: [] };
  if (await isConfigurationLayout(path)) {
    const { streams } = await readConfiguration(path);
    return {
      streams: streams.flatMap(({ data }) => (data ? [data] : [])),
      failures: streams
        .filter(({ data }) => data === undefined)
        .map(({ stream }) => `${path} (${stream}): its configuration only, and no message`),
    };
  }
  const { streams, failures } = await readAccountBackup(path);
  return {
    streams,
    failures: failures.map(({ path: bad, error }) =>
      error.message.includes(bad) ? error.message : `${bad}: ${error.message}`,
    ),
  };
}

/** Consumers as the archive has them, which is how they are restored; what their leaders said of them may have been further on. */
export function consumersOf({ content }: Manifest): readonly BackedUpConsumer[] {
  return content.consumers.map(({ name, state }) => ({ name, ackFloor: state?.ack_floor.stream_seq ?? 0 }));
}

/** The cover that a stored stream is, or why it is none. */
function coverOf(stored: StoredStream): FoundCover | string {
  const { stream, path, manifest } = stored;
  if (manifest === undefined) return "it has no manifest of Relight (relight.json), so nothing proves that it is whole";
  if (manifest.edit !== undefined) return "it was made of another backup, and may lack what that one has";
  return {
    cluster: manifest.server?.cluster ?? null,
    stored,
    cover: {
      // A manifest does not say whose stream it is.
      account: null,
      stream,
      path,
      created: manifest.created ?? null,
      takenAt: manifest.times.started,
      lastSeq: manifest.content.streamLastSequence,
      messages: manifest.content.messages,
      consumers: consumersOf(manifest),
      settings: settingsOf(manifest.config as StreamConfig),
      proven: true,
    },
  };
}
