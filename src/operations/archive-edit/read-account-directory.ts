import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { isRelightError, type RelightError } from "../../errors.ts";
import { backupJsonName } from "../../formats/directory/backup-json.ts";
import { configFileName } from "../../formats/directory/config-layout.ts";
import { isConfigurationLayout, readConfiguration } from "../account-restore/read-configuration.ts";
import { isDirectory } from "../files/is-directory.ts";
import { type ReadBackupOptions, readAccountBackup, type StoredStream } from "../stream-restore/read-backup.ts";

export interface AccountStream {
  /** Name of what holds it: a directory's, or the stream's. */
  readonly name: string;
  readonly stored: StoredStream;
  /** Consumers whose configuration lies beside the data. */
  readonly consumers: readonly string[];
}

/** What a directory with the backups of several streams holds, in either layout. */
export interface AccountDirectory {
  readonly streams: readonly AccountStream[];
  readonly failures: readonly { readonly path: string; readonly error: RelightError }[];
  /** Sentences about what is there and cannot be converted. */
  readonly notes: readonly string[];
}

/**
 * Reads a directory of several streams' backups: one directory for each, or the older CLI's files. One that is unusable does
 * not hide the others. Undefined for the backup of one stream. Throws BACKUP_NOT_FOUND.
 */
export async function readAccountDirectory(
  path: string,
  options: ReadBackupOptions = {},
): Promise<AccountDirectory | undefined> {
  if (!(await isDirectory(path))) return undefined;
  const names = await readdir(path);
  if (names.includes(backupJsonName)) return undefined;
  if ((await isConfigurationLayout(path)) || names.some(isData)) return readFiles(path, names.sort());
  const { streams, failures } = await readAccountBackup(path, options);
  return {
    streams: streams.map((stored) => ({ name: basename(stored.path), stored, consumers: [] })),
    failures,
    notes: [],
  };
}

const isData = (name: string): boolean => /^stream_.+\.tgz$/.test(name);

/** The data are what is converted; the configurations beside them say what belongs to them. */
async function readFiles(path: string, names: readonly string[]): Promise<AccountDirectory> {
  const streams: AccountStream[] = [];
  const failures: { path: string; error: RelightError }[] = [];
  const notes: string[] = [];
  let described: Awaited<ReturnType<typeof readConfiguration>>["streams"] = [];
  try {
    const read = await readConfiguration(path);
    described = read.streams;
    notes.push(...read.notes);
  } catch (error) {
    if (!isRelightError(error)) throw error;
    failures.push({ path, error });
  }
  for (const { stream, config, consumers, data } of described) {
    const own = consumers.map(({ name }) => name);
    if (data) streams.push({ name: stream, stored: { ...data, config }, consumers: own });
    else
      notes.push(`of "${stream}" there is only the configuration: a backup with its messages cannot be made of that`);
  }
  for (const name of names.filter(isData)) {
    const stream = name.slice("stream_".length, -".tgz".length);
    if (streams.some(({ stored }) => configFileName.data(stored.stream) === name)) continue;
    const archive = join(path, name);
    const { size } = await stat(archive);
    const stored = { stream, path: archive, archive, archiveBytes: size, container: "tgz" } as const;
    streams.push({ name: stream, stored: { ...stored, config: undefined, manifest: undefined }, consumers: [] });
  }
  return { streams, failures, notes };
}
