import type { StreamConfig } from "../../jetstream/api-types.ts";
import type { VersionRules } from "../../jetstream/version-rules.ts";

/** What a snapshot does to the stream on a server of this version, and nobody would expect. Sentences. */
export function serverNotes(config: StreamConfig, rules: VersionRules): readonly string[] {
  const notes: string[] = [];
  if (rules.snapshotBlocksDeletes && (config.num_replicas ?? 1) > 1 && config.retention !== "limits") {
    notes.push(
      "this server version refuses acks and deletes on the leader while a snapshot runs, which can make replicas of " +
        "work-queue and interest streams differ; upgrade to 2.11.12, 2.12.3 or newer",
    );
  }
  if (rules.limitsWaitForSnapshot && isLimited(config)) {
    notes.push(
      "this server version lets a stream grow past its limits while a snapshot runs, and cuts it back afterwards; leave " +
        "room in the server's storage for what is published meanwhile, or upgrade to 2.10 or newer",
    );
  }
  return notes;
}

/** Limits whose number is above zero are set; -1 and 0 mean none. */
function isLimited({ max_bytes, max_msgs, max_age, max_msgs_per_subject }: StreamConfig): boolean {
  return [max_bytes, max_msgs, max_age, max_msgs_per_subject].some((limit) => Number(limit ?? 0) > 0);
}
