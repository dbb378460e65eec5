import { RelightError } from "../../errors.ts";
import type { ArchiveFacts } from "../../formats/directory/archive-facts.ts";
import type { StreamConfig } from "../../jetstream/api-types.ts";
import { ConvertedArchive } from "../archive-convert/converted-archive.ts";
import { planRestore } from "./plan-restore.ts";
import { proveArchive } from "./prove-archive.ts";
import type { StoredStream } from "./read-backup.ts";
import type { StreamRestoreEvent } from "./restore-events.ts";
import type { RestorePlan, RestoreTarget, RestoreWishes } from "./restore-plan.ts";

/** A stream whose archive is proven and whose restore is planned; nothing has been touched yet. */
export interface PreparedRestore {
  readonly stored: StoredStream;
  readonly config: StreamConfig;
  readonly facts: ArchiveFacts;
  readonly plan: RestorePlan;
}

export interface PrepareOptions {
  readonly wishes: RestoreWishes;
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
  // Its worker starts while the archive is read.
  if (stored.manifest?.archive.format === "v2" && !target.clustered) ConvertedArchive.warm();
  let proven = await prove(cutOff(wishes.config ?? stored.config));
  const config = stored.config ?? proven.facts.inside?.config;
  if (!config) throw new RelightError("BACKUP_INVALID", `${stored.path} holds no stream configuration`);
  // Where the configuration is only inside the archive, its max_age is known just now.
  if (!stored.config && !wishes.config && cutOff(config) !== undefined) proven = await prove(cutOff(config));
  const plan = planRestore(
    {
      config,
      facts: proven.facts,
      expired: proven.expired,
      ...(stored.manifest?.server ? { serverVersion: stored.manifest.server.version } : {}),
    },
    target,
    wishes,
  );
  options.onEvent?.({ kind: "planned", plan });
  return { stored, config, facts: proven.facts, plan };
}
