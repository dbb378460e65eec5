import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { asRelightError, RelightError } from "../../errors.ts";
import { configFileName, formatConfigEntry } from "../../formats/directory/config-layout.ts";
import type { StreamConfig, StreamInfo } from "../../jetstream/api-types.ts";
import type { Session } from "../../jetstream/session.ts";
import { ConvertedArchive } from "../archive-convert/converted-archive.ts";
import { SpoolFile } from "../files/spool-file.ts";
import { StagedDirectory, writeDurably } from "../files/staged-directory.ts";
import { judgeBackup } from "../stream-backup/judge-backup.ts";
import { receiveArchive } from "../stream-backup/receive-archive.ts";
import { packTgz } from "./pack-tgz.ts";

export interface ConfigurationBackupOptions {
  readonly directory: string;
  /** Also the data, as `stream_<S>.tgz`. */
  readonly data: boolean;
  readonly force?: boolean;
  readonly check?: boolean;
  readonly signal?: AbortSignal;
  readonly onResult?: (result: ConfigurationBackupResult) => void;
}

export type ConfigurationBackupResult =
  | {
      readonly stream: string;
      readonly status: "backed-up";
      readonly consumers: number;
      readonly files: readonly string[];
      readonly notes: readonly string[];
    }
  | { readonly stream: string; readonly status: "failed"; readonly error: RelightError };

/**
 * Writes the layout of the older `nats` CLI: configurations of streams and durable consumers as JSON files with a checksum,
 * and the data as gzip tars that can be extracted into the stream's directory of a stopped server.
 *
 * Throws BACKUP_EXISTS, FILE_SYSTEM, and what listing the streams throws. A stream that fails has a result that says so, and
 * leaves no files.
 */
export async function backupConfiguration(
  session: Session,
  options: ConfigurationBackupOptions,
): Promise<ConfigurationBackupResult[]> {
  const { streams, missing } = await session.api.streams();
  await using staged = await StagedDirectory.create(options.directory, {
    replace: options.force ?? false,
    looksOurs: (existing) => existing.every((name) => /^stream_.*\.(json|tgz)$/.test(name)),
  });
  const results: ConfigurationBackupResult[] = [];
  const settle = (result: ConfigurationBackupResult): void => {
    results.push(result);
    options.onResult?.(result);
  };
  for (const stream of missing) {
    settle({ stream, status: "failed", error: new RelightError("STREAM_OFFLINE", `"${stream}" does not answer`) });
  }
  for (const info of streams) {
    const stream = info.config.name;
    if (options.signal?.aborted) throw new RelightError("CANCELLED", "the backup was cancelled; nothing was kept");
    try {
      settle(await backupOne(session, info, staged.path, options));
    } catch (error) {
      if (options.signal?.aborted) throw new RelightError("CANCELLED", "the backup was cancelled; nothing was kept");
      // Half of a stream would restore as an empty one.
      await removeFilesOf(stream, staged.path);
      settle({ stream, status: "failed", error: asRelightError(error) });
    }
  }
  // A partial new backup must not take the place of an older whole one.
  if (options.force && results.some((result) => result.status === "failed")) {
    throw new RelightError(
      "PARTIAL",
      "some streams failed, so the backup that stands in the directory was not replaced",
      {
        context: { failed: results.filter((result) => result.status === "failed").map((result) => result.stream) },
        hint: "Choose another directory to keep what could be backed up.",
      },
    );
  }
  if (results.some((result) => result.status === "backed-up") || results.length === 0) await staged.commit();
  return results;
}

async function removeFilesOf(stream: string, path: string): Promise<void> {
  for (const name of await readdir(path)) {
    const own = name.startsWith(`stream_${stream}_consumer_`) || name.startsWith(`.${stream}.s2`);
    if (own || name === configFileName.stream(stream) || name === configFileName.data(stream)) {
      await rm(join(path, name), { force: true });
    }
  }
}

async function backupOne(
  session: Session,
  info: StreamInfo,
  path: string,
  options: ConfigurationBackupOptions,
): Promise<ConfigurationBackupResult> {
  const stream = info.config.name;
  const now = new Date();
  const files = [configFileName.stream(stream)];
  const notes: string[] = [];
  await writeDurably(
    join(path, configFileName.stream(stream)),
    formatConfigEntry({ type: "stream", stream, config: info.config }, now),
  );
  const { consumers, missing } = await session.api.consumers(stream);
  const durable = consumers.filter((consumer) => consumer.config.durable_name);
  for (const consumer of durable) {
    const file = configFileName.consumer(stream, consumer.name);
    const entry = { type: "consumer", stream, consumer: consumer.name, config: consumer.config } as const;
    await writeDurably(join(path, file), formatConfigEntry(entry, now));
    files.push(file);
  }
  for (const name of missing) notes.push(`consumer "${name}" did not answer and is not in the backup`);
  if (options.data) {
    if (info.config.storage === "memory") {
      notes.push("kept in memory: only the configuration is in the backup");
    } else {
      files.push(await backupData(session, info, path, options));
    }
  }
  return { stream, status: "backed-up", consumers: durable.length, files, notes };
}

async function backupData(
  session: Session,
  before: StreamInfo,
  path: string,
  options: ConfigurationBackupOptions,
): Promise<string> {
  const stream = before.config.name;
  const scratch = `.${stream}.s2`;
  const received = await receiveArchive(session, {
    stream,
    path,
    expectedBytes: before.state.bytes,
    fileName: () => scratch,
    ...(options.check === undefined ? {} : { check: options.check }),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  const { report } = received.checked;
  const after = await session.api.findStream(stream);
  const verdict = judgeBackup({ before, after, state: received.state, report });
  if (!verdict.complete) {
    throw new RelightError(
      "SNAPSHOT_INCOMPLETE",
      `the backup of "${stream}" is not whole: ${verdict.problems.join("; ")}`,
    );
  }
  const snapshot = join(path, scratch);
  // What a 2.15 server sends is no files of a store; the same messages as files are.
  if (report.format === "v2") await convertFile(snapshot, received.config, before.created, report.lastSequence);
  const file = configFileName.data(stream);
  await packTgz(snapshot, join(path, file));
  return file;
}

async function convertFile(path: string, config: StreamConfig, created: string, lastSequence: number): Promise<void> {
  const wish = { path, from: "v2", config, created, lastSequence, compress: true } as const;
  const converted = ConvertedArchive.start(wish, { keep: 0 });
  try {
    await using file = await SpoolFile.create(`${path}.v1`);
    for await (const piece of converted) await file.write(piece);
    await file.finish();
    await rename(`${path}.v1`, path);
  } finally {
    await converted.cancel();
  }
}
