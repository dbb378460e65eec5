import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { asRelightError, RelightError } from "../../errors.ts";
import type { Session } from "../../jetstream/session.ts";
import { makeDirectory } from "../files/make-directory.ts";
import { fileSystemError } from "../files/staged-directory.ts";
import type { StreamBackupEvent } from "../stream-backup/backup-events.ts";
import { backupStream, type StreamBackupResult } from "../stream-backup/backup-stream.ts";
import { eachLimited } from "./each-limited.ts";

export interface AccountBackupOptions {
  readonly directory: string;
  readonly consumers?: boolean;
  readonly check?: boolean;
  readonly chunkSize?: number;
  readonly windowSize?: number;
  /** Replace backups that stand in the directory, each once its new one is proven. */
  readonly force?: boolean;
  /** Streams backed up at a time. Default 3: one server feeds one stream at a fraction of what a disk takes. */
  readonly parallel?: number;
  readonly tool: string;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: StreamBackupEvent) => void;
  readonly onResult?: (result: AccountBackupResult) => void;
}

export type AccountBackupResult =
  | { readonly stream: string; readonly status: "backed-up"; readonly result: StreamBackupResult }
  | { readonly stream: string; readonly status: "failed"; readonly error: RelightError };

export interface AccountBackup {
  readonly results: readonly AccountBackupResult[];
  /** Streams of which the directory holds an older backup, but which the account no longer has. */
  readonly vanished: readonly string[];
}

/**
 * Backs up every stream of the account, several at a time, each into `<directory>/<stream>` as the `nats` CLI does. A
 * stream that fails does not stop the others, and leaves an older backup of it as it was.
 *
 * Throws BACKUP_EXISTS (the directory holds something and `force` is not set), FILE_SYSTEM, CANCELLED, and what listing
 * the streams throws.
 */
export async function backupAccount(session: Session, options: AccountBackupOptions): Promise<AccountBackup> {
  const { api } = session;
  const { streams: answering, missing } = await api.streams();
  const existing = await existingNames(options.directory);
  if (existing.length > 0 && !options.force) {
    throw new RelightError("BACKUP_EXISTS", `${options.directory} exists already and is not empty`, {
      context: { path: options.directory },
    });
  }
  try {
    await makeDirectory(options.directory);
  } catch (error) {
    throw fileSystemError(`cannot create ${options.directory}`, error);
  }
  const results: AccountBackupResult[] = [];
  const settle = (result: AccountBackupResult): void => {
    results.push(result);
    options.onResult?.(result);
  };
  for (const stream of [...missing].sort()) {
    const error = new RelightError("STREAM_OFFLINE", `"${stream}" does not answer`, { context: { stream } });
    settle({ stream, status: "failed", error });
  }
  // The largest first, so that the last lane does not end with it alone.
  const streams = [...answering].sort((a, b) => b.state.bytes - a.state.bytes);
  await eachLimited(streams, options.parallel ?? 3, async (info) => {
    const stream = info.config.name;
    if (options.signal?.aborted) throw cancelled(options.signal);
    try {
      const result = await backupStream(session, { ...options, stream, directory: join(options.directory, stream) });
      settle({ stream, status: "backed-up", result });
    } catch (error) {
      if (options.signal?.aborted) throw cancelled(options.signal);
      settle({ stream, status: "failed", error: asRelightError(error) });
    }
  });
  const present = new Set([...answering.map((info) => info.config.name), ...missing]);
  const vanished = existing.filter((name) => !name.startsWith(".") && !present.has(name));
  return { results, vanished };
}

async function existingNames(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw fileSystemError(`cannot read ${directory}`, error);
  }
}

function cancelled(signal: AbortSignal): RelightError {
  return new RelightError("CANCELLED", "the backup was cancelled; streams that were done are kept", {
    cause: signal.reason,
  });
}
