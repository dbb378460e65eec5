import type { ArchiveFacts } from "../../formats/directory/archive-facts.ts";
import type { StreamConfig } from "../../jetstream/api-types.ts";
import type { ConvertedArchive } from "../archive-convert/converted-archive.ts";
import { planRestore } from "./plan-restore.ts";
import { factsOfManifest, noConfiguration, type ProvenArchive, proveArchive } from "./prove-archive.ts";
import type { StoredStream } from "./read-backup.ts";
import type { StreamRestoreEvent } from "./restore-events.ts";
import type { RestorePlan, RestoreTarget, RestoreWishes } from "./restore-plan.ts";

/** A stream whose restore is planned, provided that its archive is what its manifest says. */
export interface ForeseenRestore {
  readonly stored: StoredStream;
  readonly config: StreamConfig;
  readonly facts: ArchiveFacts;
  readonly plan: RestorePlan;
}

/** The same, once the archive is proven; nothing has been touched yet. */
export interface PreparedRestore extends ForeseenRestore {
  /** What was begun while it was proven: {@link PrepareOptions.begin}. */
  readonly converted?: ConvertedArchive | undefined;
}

export interface PrepareOptions {
  /** Begins what needs time and touches nothing, as soon as it is foreseen. Whoever gives this closes it. */
  readonly begin?: (foreseen: ForeseenRestore) => ConvertedArchive | undefined;
  readonly wishes: RestoreWishes;
  /** In what the archive differs from the backup already, in words. */
  readonly changes?: readonly string[];
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: StreamRestoreEvent) => void;
}

/** A restore takes time, and messages go on ageing in it. */
const ageMarginNs = 60_000_000_000n;

/** Proves the archive and plans. Throws ARCHIVE_DAMAGED, BACKUP_INVALID, CANCELLED. */
export async function prepareRestore(
  stored: StoredStream,
  target: RestoreTarget,
  options: PrepareOptions,
): Promise<PreparedRestore> {
  const { wishes } = options;
  const cutOff = (config: StreamConfig | undefined): bigint | undefined => {
    const maxAge = wishes.liftMaxAge ? 0 : Number(config?.max_age ?? 0);
    return maxAge > 0 ? BigInt(Date.now()) * 1_000_000n + ageMarginNs - BigInt(maxAge) : undefined;
  };
  const prove = (expiredBefore: bigint | undefined): ReturnType<typeof proveArchive> =>
    proveArchive(stored, {
      ...(expiredBefore === undefined ? {} : { expiredBefore }),
      ...(options.signal ? { signal: options.signal } : {}),
      ...(options.onEvent ? { onEvent: options.onEvent } : {}),
    });
  const planFor = (config: StreamConfig, { facts, expired }: ProvenArchive): RestorePlan =>
    planRestore(
      {
        config,
        facts,
        expired,
        ...(stored.manifest?.server ? { serverVersion: stored.manifest.server.version } : {}),
      },
      target,
      wishes,
    );
  const expiredBefore = cutOff(wishes.config ?? stored.config);
  const foreseen = factsOfManifest(stored, expiredBefore);
  const converted =
    stored.config && foreseen && options.begin
      ? options.begin({
          stored,
          config: stored.config,
          facts: foreseen,
          plan: planFor(stored.config, { facts: foreseen, expired: 0 }),
        })
      : undefined;
  const proven = await prove(expiredBefore);
  // One that is only inside the archive was read when that was opened.
  const { config } = stored;
  if (!config) throw noConfiguration(stored);
  const planned = planFor(config, proven);
  const plan = { ...planned, changes: [...(options.changes ?? []), ...planned.changes] };
  options.onEvent?.({ kind: "planned", plan });
  return { stored, config, facts: proven.facts, plan, converted };
}
