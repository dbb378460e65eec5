import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { isRelightError, RelightError } from "../../errors.ts";
import { configFileName, parseConfigEntry } from "../../formats/directory/config-layout.ts";
import type { ConsumerConfig, StreamConfig } from "../../jetstream/api-types.ts";
import type { StoredStream } from "../stream-restore/read-backup.ts";

/** One stream of the configuration layout. */
export interface StoredConfiguration {
  readonly stream: string;
  readonly config: StreamConfig;
  readonly consumers: readonly { readonly name: string; readonly config: ConsumerConfig }[];
  /** The data, where the backup was made with `--data`. */
  readonly data: StoredStream | undefined;
}

export interface ConfigurationBackup {
  readonly streams: readonly StoredConfiguration[];
  /** What is in the directory and cannot be restored, in words. */
  readonly notes: readonly string[];
}

/** True for a directory in the layout of the older `nats` CLI. */
export async function isConfigurationLayout(directory: string): Promise<boolean> {
  try {
    return (await readdir(directory)).some((name) => /^stream_.+\.json$/.test(name));
  } catch {
    return false;
  }
}

/**
 * Reads and verifies a whole configuration layout before anything is touched.
 * Throws ARCHIVE_DAMAGED or BACKUP_INVALID, naming every file that is bad.
 */
export async function readConfiguration(directory: string): Promise<ConfigurationBackup> {
  const names = (await readdir(directory)).sort();
  const streams = new Map<string, { config: StreamConfig; consumers: { name: string; config: ConsumerConfig }[] }>();
  const consumers: { stream: string; name: string; config: ConsumerConfig }[] = [];
  const notes: string[] = [];
  const bad: RelightError[] = [];
  for (const name of names.filter((file) => /^stream_.+\.json$/.test(file))) {
    const path = join(directory, name);
    try {
      const entry = parseConfigEntry(await readFile(path, "utf8"), path);
      if (entry.type === "stream") streams.set(entry.stream, { config: entry.config as StreamConfig, consumers: [] });
      else if (entry.type === "consumer")
        consumers.push({ stream: entry.stream, name: entry.consumer, config: entry.config });
      else notes.push(`${name}: stream templates no longer exist in any server that Relight supports`);
    } catch (error) {
      if (!isRelightError(error)) throw error;
      bad.push(error);
    }
  }
  const [first] = bad;
  if (first) {
    throw new RelightError(first.code, bad.map((error) => error.message).join("; "), {
      cause: first,
      hint: first.hint,
    });
  }
  for (const { stream, ...consumer } of consumers) {
    const owner = streams.get(stream);
    if (owner) owner.consumers.push(consumer);
    else notes.push(`consumer "${consumer.name}" belongs to "${stream}", which is not in the backup`);
  }
  const result: StoredConfiguration[] = [];
  for (const [stream, { config, consumers: own }] of streams) {
    const file = configFileName.data(stream);
    const path = join(directory, file);
    const data = names.includes(file)
      ? ({
          stream,
          path,
          archive: path,
          archiveBytes: (await stat(path)).size,
          container: "tgz",
          config,
          manifest: undefined,
        } as const)
      : undefined;
    result.push({ stream, config, consumers: own, data });
  }
  return { streams: result, notes };
}
