import type { ArchiveFacts } from "../../formats/directory/archive-facts.ts";
import type { StreamConfig } from "../../jetstream/api-types.ts";
import { knownMessages } from "../stream-restore/limited-report.ts";
import { openArchive } from "../stream-restore/open-archive.ts";
import { noConfiguration, proveArchive } from "../stream-restore/prove-archive.ts";
import type { StoredStream } from "../stream-restore/read-backup.ts";
import { executeExtract } from "./execute-extract.ts";
import type { ExtractPlan, ExtractWishes } from "./extract-plan.ts";
import { extractRefusal } from "./extract-refusal.ts";
import { observeStore } from "./observe-store.ts";
import { globalAccount, planExtract } from "./plan-extract.ts";
import { accountFault } from "./safe-names.ts";

/** What takes time, as it goes on. */
export interface ExtractEvent {
  readonly kind: "checking" | "writing";
  readonly stream: string;
  /** Of the archive. */
  readonly bytes: number;
  readonly totalBytes: number;
}

export interface ExtractOptions extends ExtractWishes {
  /** `store_dir` of a standalone nats-server that does not run. */
  readonly storeDirectory: string;
  readonly dryRun?: boolean;
  /** What is to be known about the source. Sentences. */
  readonly notes?: readonly string[];
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: ExtractEvent) => void;
}

/** What became of an archive, as plain data. */
export interface ExtractReport {
  /** `planned`: nothing was touched, because that was all that was asked for. */
  readonly status: "extracted" | "planned";
  readonly stream: string;
  readonly account: string;
  readonly path: string;
  readonly format: "v1" | "v2";
  readonly messages: number;
  /** 0 where there are no messages. */
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** The stream's own, which can lie behind its last message. */
  readonly streamLastSequence: number;
  readonly consumers: readonly string[];
  /** Of the files that were written; absent where none were. */
  readonly bytes?: number;
  /** How the configuration differs from the backup's, and why. */
  readonly changes: readonly string[];
  readonly notes: readonly string[];
}

/**
 * Puts one stream of a backup into the store directory of a standalone nats-server that does not run, which takes the stream up
 * when it starts. The archive is proven and the whole planned before anything is touched; the stream's directory appears whole
 * or not at all.
 *
 * Throws RESTORE_REFUSED, whose context has each reason with its cure, STREAM_EXISTS, ARCHIVE_DAMAGED, BACKUP_INVALID,
 * RESTORE_MISMATCH, FILE_SYSTEM, and the signal's reason.
 */
export async function extractArchive(given: StoredStream, options: ExtractOptions): Promise<ExtractReport> {
  const { signal, onEvent, notes: told = [] } = options;
  await using opened = await openArchive(given);
  const { stored } = opened;
  const account = options.account ?? globalAccount;
  // A name that leads elsewhere is refused by the plan: nothing is looked at there.
  const store = await observeStore(options.storeDirectory, accountFault(account) ? globalAccount : account);
  const { facts, expired, config } = await proven(stored, options);
  const plan = planExtract(
    {
      config,
      facts,
      created: facts.inside?.created ?? stored.manifest?.created ?? stored.created,
      expired,
      now: Date.now(),
    },
    store,
    options,
    process.getuid ? { uid: process.getuid() } : undefined,
  );
  if (plan.action === "refuse") throw extractRefusal(plan);
  if (options.dryRun) return report(plan, told, undefined);
  const bytes = await executeExtract(plan, {
    archive: stored.archive,
    salvaged: stored.salvaged,
    known: knownMessages(stored),
    version: options.version,
    signal,
    onProgress: (done) =>
      onEvent?.({ kind: "writing", stream: plan.stream, bytes: done, totalBytes: stored.archiveBytes }),
  });
  return report(plan, told, bytes);
}

interface Proven {
  readonly facts: ArchiveFacts;
  readonly expired: number;
  readonly config: StreamConfig;
}

/** A server may start long after, so this is what expires at least. */
async function proven(stored: StoredStream, { liftMaxAge, signal, onEvent }: ExtractOptions): Promise<Proven> {
  const cutOff = (config: StreamConfig | undefined): bigint | undefined => {
    const maxAge = liftMaxAge ? 0 : Number(config?.max_age ?? 0);
    return maxAge > 0 ? BigInt(Date.now()) * 1_000_000n - BigInt(maxAge) : undefined;
  };
  const prove = (expiredBefore: bigint | undefined): ReturnType<typeof proveArchive> =>
    proveArchive(stored, {
      ...(expiredBefore === undefined ? {} : { expiredBefore }),
      ...(signal ? { signal } : {}),
      onEvent: (event) => {
        if (event.kind === "checking") onEvent?.(event);
      },
    });
  const found = await prove(cutOff(stored.config));
  // One that is only inside the archive was read when that was opened.
  if (!stored.config) throw noConfiguration(stored);
  return { ...found, config: stored.config };
}

function report(plan: ExtractPlan, told: readonly string[], bytes: number | undefined): ExtractReport {
  const { stream, account, path, format, expected, changes, notes } = plan;
  return {
    status: bytes === undefined ? "planned" : "extracted",
    stream,
    account,
    path,
    format,
    ...expected,
    ...(bytes === undefined ? {} : { bytes }),
    changes,
    notes: [...told, ...notes],
  };
}
