import type { StreamConfig } from "../../jetstream/api-types.ts";
import type { RestoreSource } from "./restore-plan.ts";

/** How many messages have to be there afterwards. Pure. */
export function messagesAtLeast(source: RestoreSource, config: StreamConfig): number {
  const { facts } = source;
  let count = facts.messages - source.expired - facts.ttlMessages;
  if (config.retention === "workqueue" || config.retention === "interest") count -= facts.acknowledged;
  if ((config.max_msgs ?? -1) > 0) count = Math.min(count, config.max_msgs as number);
  // Limits that are tighter than the backup's remove what nobody can count beforehand.
  const tighter = (field: "max_bytes" | "max_msgs_per_subject"): boolean => {
    const [now, then] = [config[field] ?? -1, source.config[field] ?? -1];
    return now > 0 && (then <= 0 || now < then);
  };
  if (tighter("max_bytes") || tighter("max_msgs_per_subject")) count = 0;
  // Where a server kept more than its limits allow while it made the snapshot, the restore removes that at once.
  if (facts.format === "v1" && !facts.indexMatches) {
    const maxBytes = config.max_bytes ?? -1;
    const overBytes = maxBytes > 0 && (facts.bytes === undefined || facts.bytes > maxBytes);
    if (overBytes || (config.max_msgs_per_subject ?? -1) > 0) count = 0;
  }
  return Math.max(0, count);
}
