import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { asRelightError, RelightError } from "../../errors.ts";
import { configFileName, formatConfigEntry } from "../../formats/directory/config-layout.ts";
import type { StreamConfig, StreamInfo } from "../../jetstream/api-types.ts";
import { leftoverText, restoreLeftover } from "../../jetstream/restore-leftovers.ts";
import type { Session } from "../../jetstream/session.ts";
import { ConvertedArchive } from "../archive-convert/converted-archive.ts";
import { SpoolFile } from "../files/spool-file.ts";
import { StagedDirectory, writeDurably } from "../files/staged-directory.ts";
import { takeProven } from "../stream-backup/take-proven.ts";
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
  const taken = new Set<string>();
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
    const files: string[] = [];
    const claim = (name: string): string => {
      if (taken.has(name)) throw sameName(name);
      taken.add(name);
      files.push(name);
      return join(staged.path, name);
    };
    try {
      settle(await backupOne(session, info, { ...options, path: staged.path, files, claim }));
    } catch (error) {
      if (options.signal?.aborted) throw new RelightError("CANCELLED", "the backup was cancelled; nothing was kept");
      // Half of a stream would restore as an empty one.
      for (const name of files) {
        await rm(join(staged.path, name), { force: true });
        taken.delete(name);
      }
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

interface OneStream extends ConfigurationBackupOptions {
  readonly path: string;
  /** The names of the stream's files so far. */
  readonly files: readonly string[];
  /** Notes a file before it is made; returns its path. Throws FILE_SYSTEM where another stream has one of that name. */
  readonly claim: (name: string) => string;
}

async function backupOne(session: Session, info: StreamInfo, options: OneStream): Promise<ConfigurationBackupResult> {
  const { files, claim } = options;
  const stream = info.config.name;
  const now = new Date();
  const notes: string[] = [];
  const entry = { type: "stream", stream, config: info.config } as const;
  await writeDurably(claim(configFileName.stream(stream)), formatConfigEntry(entry, now));
  const { consumers, missing } = await session.api.consumers(stream);
  const durable = consumers.filter((consumer) => consumer.config.durable_name);
  for (const consumer of durable) {
    const path = claim(configFileName.consumer(stream, consumer.name));
    const entry = { type: "consumer", stream, consumer: consumer.name, config: consumer.config } as const;
    await writeDurably(path, formatConfigEntry(entry, now));
  }
  const left = restoreLeftover(info.config);
  if (left) notes.push(leftoverText(left));
  for (const name of missing) notes.push(`consumer "${name}" did not answer and is not in the backup`);
  if (options.data) {
    notes.push(...(await backupData(session, info, options, claim(configFileName.data(stream)))));
    if (info.config.storage === "memory") {
      notes.push(
        "kept in memory: relight account restore puts it back there; a stopped server that the .tgz is extracted for keeps it in files",
      );
    }
  }
  return { stream, status: "backed-up", consumers: durable.length, files, notes };
}

/** The layout's names say the same of a stream "A_consumer_B" and of the consumer "B" of a stream "A". */
function sameName(name: string): RelightError {
  return new RelightError("FILE_SYSTEM", `the layout has one file name, ${name}, for a stream and for a consumer`, {
    hint: "Back up with --layout directories, which keeps them apart.",
  });
}

/** Returns what is worth knowing about the data, in words. */
async function backupData(
  session: Session,
  before: StreamInfo,
  options: OneStream,
  target: string,
): Promise<readonly string[]> {
  const { path, check, signal } = options;
  const stream = before.config.name;
  const name = `.${stream}.s2`;
  const snapshot = join(path, name);
  try {
    const { received, before: taken } = await takeProven(
      session,
      {
        stream,
        path,
        fileName: () => name,
        ...(check === undefined ? {} : { check }),
        ...(signal === undefined ? {} : { signal }),
      },
      before,
    );
    if (taken.created !== before.created) {
      throw new RelightError("SOURCE_CHANGED", `"${stream}" was deleted and created again while it was backed up`, {
        hint: "Back up once more.",
      });
    }
    const { format, lastSequence } = received.checked.report;
    // What a 2.15 server sends, or was read message by message, is no files of a store; the same messages as files are.
    if (format === "v2") await convertFile(snapshot, received.config, before.created, lastSequence);
    await packTgz(snapshot, target);
    return received.notes ?? [];
  } finally {
    for (const scratch of [snapshot, `${snapshot}.v1`]) await rm(scratch, { force: true });
  }
}

async function convertFile(path: string, given: StreamConfig, created: string, lastSequence: number): Promise<void> {
  // A server that starts with a stream in memory finds nothing of it in files.
  const config: StreamConfig = given.storage === "memory" ? { ...given, storage: "file" } : given;
  const wish = { path, spec: {}, config, created, lastSequence, compress: true } as const;
  const converted = ConvertedArchive.start(wish, { inUse: 1 });
  try {
    await using file = await SpoolFile.create(`${path}.v1`);
    for await (const piece of converted.oneByOne()) await file.write(piece);
    await file.finish();
    await rename(`${path}.v1`, path);
  } finally {
    await converted.close();
  }
}
