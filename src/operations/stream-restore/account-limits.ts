import type { ArchiveFacts } from "../../formats/directory/archive-facts.ts";
import type { AccountInfo, AccountLimits, StreamConfig, StreamInfo } from "../../jetstream/api-types.ts";
import type { Refusal } from "./restore-plan.ts";

interface Usage {
  readonly storage: number;
  readonly memory: number;
  readonly reserved_storage?: number;
  readonly reserved_memory?: number;
  readonly streams: number;
  readonly consumers: number;
  readonly limits: AccountLimits;
}

/** Whether an account has limits for a number of replicas: one without tiers has them for every number. Pure. */
export function allowsReplicas({ tiers }: AccountInfo, replicas: number): boolean {
  return !tiers || Object.keys(tiers).length === 0 || tiers[`R${replicas}`] !== undefined;
}

const mebibytes = (bytes: number): string =>
  `${(bytes / 2 ** 20).toLocaleString("en", { maximumFractionDigits: 1 })} MiB`;

/**
 * Limits of the account, or of the tier that the replica count falls into, which this restore would break. `replaced` is
 * the stream that makes room. Limits of -1 (and 0 for streams and consumers) mean "unlimited". Pure.
 */
export function limitRefusals(
  config: StreamConfig,
  facts: ArchiveFacts,
  account: AccountInfo,
  replaced: StreamInfo | undefined,
): Refusal[] {
  const replicas = config.num_replicas ?? 1;
  const tier = account.tiers?.[`R${replicas}`] as Usage | undefined;
  if (!allowsReplicas(account, replicas)) {
    return [
      {
        code: "account-tier",
        text: `the account has no JetStream limits for ${replicas} replicas`,
        cure: `Pass --replicas with one of: ${Object.keys(account.tiers ?? {}).join(", ")}.`,
      },
    ];
  }
  const usage: Usage = tier ?? account;
  const refusals: Refusal[] = [];
  const memory = config.storage === "memory";
  const limit = memory ? usage.limits.max_memory : usage.limits.max_storage;
  if (limit >= 0) {
    // Without tiers every replica counts; with tiers a tier's limit is per replica.
    const factor = tier ? 1 : replicas;
    const freed = (replaced?.state.bytes ?? 0) * factor;
    const used = Math.max(0, (memory ? usage.memory : usage.storage) - freed);
    const needed = facts.decodedBytes * factor;
    if (used + needed > limit) {
      refusals.push({
        code: "account-storage",
        text: `the account may store ${mebibytes(limit)}, ${mebibytes(used)} are in use, and this stream needs about ${mebibytes(needed)}`,
        cure: "Make room, or raise the account's limit.",
      });
    }
    const reserve = (config.max_bytes ?? -1) > 0 ? (config.max_bytes as number) * factor : 0;
    const freedReserve = (replaced?.config.max_bytes ?? -1) > 0 ? (replaced?.config.max_bytes as number) * factor : 0;
    const reserved = Math.max(0, ((memory ? usage.reserved_memory : usage.reserved_storage) ?? 0) - freedReserve);
    if (reserve > 0 && reserved + reserve > limit) {
      refusals.push({
        code: "account-reservation",
        text: `max_bytes reserves ${mebibytes(reserve)}; ${mebibytes(reserved)} of the account's ${mebibytes(limit)} are reserved already`,
        cure: "Pass --config with a smaller max_bytes, or raise the account's limit.",
      });
    }
  }
  const { max_streams: maxStreams, max_consumers: maxConsumers } = usage.limits;
  if (maxStreams > 0 && !replaced && usage.streams + 1 > maxStreams) {
    refusals.push({
      code: "account-streams",
      text: `the account may have ${maxStreams} streams and has ${usage.streams}`,
      cure: "Delete a stream, or raise the account's limit.",
    });
  }
  if (maxConsumers > 0 && facts.consumers.length > maxConsumers) {
    refusals.push({
      code: "account-consumers",
      text: `a stream of this account may have ${maxConsumers} consumers, and the backup holds ${facts.consumers.length}`,
      cure: "Raise the account's limit.",
    });
  }
  if (usage.limits.max_bytes_required && (config.max_bytes ?? -1) <= 0) {
    refusals.push({
      code: "account-max-bytes",
      text: "the account requires max_bytes on every stream, and this one has none",
      cure: "Pass --config with max_bytes.",
    });
  }
  return refusals;
}
