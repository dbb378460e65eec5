import type { StreamConfig } from "../../jetstream/api-types.ts";
import type { VersionRules } from "../../jetstream/version-rules.ts";

/** What a snapshot does to the stream on a server of this version, or does not hold, and nobody would expect. Sentences. */
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
  const mirrored = config.mirror?.name;
  if (mirrored !== undefined && /^(?:KV|OBJ)_/.test(mirrored)) {
    notes.push(
      `this is a mirror of the bucket ${mirrored}: it holds what it has fetched so far, under that bucket's subjects; back up ` +
        `${mirrored} itself, which takes the writes`,
    );
  }
  return notes;
}

/** Limits whose number is above zero are set; -1 and 0 mean none. */
function isLimited({ max_bytes, max_msgs, max_age, max_msgs_per_subject }: StreamConfig): boolean {
  return [max_bytes, max_msgs, max_age, max_msgs_per_subject].some((limit) => Number(limit ?? 0) > 0);
}
