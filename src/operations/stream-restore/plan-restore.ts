import type { ArchiveFacts } from "../../formats/directory/archive-facts.ts";
import { subjectsOverlap } from "../../formats/subjects/subject-overlap.ts";
import type { StreamConfig } from "../../jetstream/api-types.ts";
import { filterStreamConfig, unknownConsumerFields } from "../../jetstream/config-fields.ts";
import { versionRules } from "../../jetstream/version-rules.ts";
import { changedFields } from "../stream-backup/stream-movement.ts";
import { limitRefusals } from "./account-limits.ts";
import { applyPlacement } from "./apply-placement.ts";
import type { Refusal, RestorePlan, RestoreSource, RestoreTarget, RestoreWishes } from "./restore-plan.ts";

/** Works out what restoring one stream would do, and every reason why it would fail or lose something. Pure. */
export function planRestore(source: RestoreSource, target: RestoreTarget, wishes: RestoreWishes): RestorePlan {
  const { facts } = source;
  const rules = versionRules(target.version);
  const server = `nats-server ${target.version.text}`;
  const changes: string[] = [];
  const warnings: string[] = [];
  const refusals: Refusal[] = [];
  const refuse = (code: string, text: string, cure: string): void => {
    refusals.push({ code, text, cure });
  };

  const config = planConfig(source, target, wishes, changes);
  const stream = config.name;
  const existing = target.streams.find((info) => info.config.name === stream);
  const lostOfSources = filterStreamConfig(wishes.config ?? source.config, target.version).dropped.filter((field) =>
    /^(mirror|sources)\./.test(field),
  );
  if (lostOfSources.length > 0) {
    refuse(
      "source-fields",
      `${server} does not know ${lostOfSources.join(", ")}: the stream would copy other messages than it was made for`,
      "Pass --config with a mirror or sources that this server understands, or without them.",
    );
  }
  const exists = existing !== undefined || target.missing.includes(stream);

  if (!rules.accepts.includes(facts.format)) {
    refuse(
      "archive-format",
      `the archive was made by nats-server 2.15 or newer (format ${facts.format}); ${server} cannot read it`,
      "Restore to a server of version 2.15 or newer.",
    );
  }
  if (facts.inside && facts.inside.name !== stream) {
    refuse(
      "name",
      `the archive holds the stream "${facts.inside.name}", the configuration says "${stream}"`,
      "Archives of this format restore under their own name only.",
    );
  }
  if (config.storage === "memory" && (facts.format === "v1" || !rules.memorySnapshots)) {
    refuse(
      "memory-storage",
      "restored to memory storage, this archive would give an empty stream and the server would report success",
      'Restore to file storage: pass --config with "storage": "file".',
    );
  }
  if (!rules.readsDeletes && facts.resurrects > 0) {
    refuse(
      "deleted-messages-return",
      `${server} does not read where newer servers note deletes: ${facts.resurrects} deleted messages would come back`,
      "Restore to a server of version 2.10 or newer.",
    );
  }
  if (!rules.readsDeletes && facts.resurrects === 0 && facts.lastSequenceBefore210 < facts.streamLastSequence) {
    refuse(
      "sequences-restart",
      `${server} does not read where newer servers note a purge: sequences would begin again at ${facts.lastSequenceBefore210 + 1}, ` +
        `and not at ${facts.streamLastSequence + 1}`,
      "Restore to a server of version 2.10 or newer.",
    );
  }
  if (facts.trailingZeros && rules.failsOnTrailingBytes) {
    refuse(
      "trailing-bytes",
      `zero bytes follow the archive's end, and ${server} would create the stream and then fail over them`,
      "Restore to another server version, or use the backup that this copy was made from.",
    );
  }
  if ((config.num_replicas ?? 1) > 1 && !target.clustered) {
    refuse(
      "replicas",
      `the configuration asks for ${config.num_replicas} replicas, and this server is not in a cluster`,
      "Pass --replicas 1.",
    );
  }
  const mirrorOrSources = config.mirror != null || (config.sources?.length ?? 0) > 0;
  for (const other of target.streams) {
    if (other.config.name === stream) continue;
    for (const subject of config.subjects ?? []) {
      const clash = other.config.subjects?.find((theirs) => subjectsOverlap(subject, theirs));
      if (clash === undefined) continue;
      refuse(
        "subjects",
        `subject "${subject}" overlaps with "${clash}" of stream "${other.config.name}"`,
        "Change one of them, or pass --config with other subjects.",
      );
    }
  }
  if (target.missing.length > 0) {
    warnings.push(
      `streams that do not answer could not be checked for overlapping subjects: ${target.missing.join(", ")}`,
    );
  }
  const replaced = wishes.ifExists === "replace" ? existing : undefined;
  refusals.push(...limitRefusals(config, facts, target.account, replaced));

  const surviving = facts.messages - source.expired;
  const maxAge = config.max_age ?? 0;
  if (source.expired > 0 && maxAge > 0) {
    const text = `max_age would remove ${source.expired} of ${facts.messages} messages at once`;
    const cure = "Pass --lift-max-age to keep them, and set max_age again when you have what you need.";
    if (surviving === 0) refuse("max-age", `${text}: the stream would be empty`, cure);
    else warnings.push(`${text}; --lift-max-age keeps them`);
  }
  if (facts.ttlMessages > 0) {
    warnings.push(
      `${facts.ttlMessages} messages have a time to live of their own; those that have expired are dropped`,
    );
  }
  for (const consumer of facts.consumers) {
    const unknown = unknownConsumerFields(consumer.config, target.version);
    if (unknown.length === 0) continue;
    const all = unknown.includes("filter_subjects") ? ", so it delivers messages of every subject" : "";
    warnings.push(`consumer "${consumer.name}" has ${unknown.join(", ")}, which ${server} does not know${all}`);
  }
  if (mirrorOrSources) {
    warnings.push("the stream copies from other streams, and goes on doing so as soon as it is restored");
  }
  if ((config.sources?.length ?? 0) > 0 && target.clustered && rules.remembersOrigins) {
    warnings.push(
      "in a cluster a restored stream has a new creation time, and this server version copies everything again from origins " +
        "that do: where they are restored too, pass --config without sources",
    );
  }
  const restates = facts.format === "v2" && target.clustered;
  if (restates && facts.consumers.some((consumer) => (consumer.state?.pending ?? 0) > 0)) {
    warnings.push("consumers with unacknowledged messages get them again");
  }
  const route = chooseRoute(facts, config, target);
  if (
    route === "as-is" &&
    facts.format === "v2" &&
    target.streams.some((info) => info.config.sources?.some((from) => from.name === stream))
  ) {
    warnings.push(
      "streams that source this one will copy everything again, because its creation time is new: pause them first",
    );
  }

  const wish = exists ? wishes.ifExists : "create";
  if (exists && wishes.ifExists === "replace" && existing === undefined) {
    refuse(
      "offline",
      `"${stream}" exists but does not answer, so no safety backup of it can be made`,
      "Bring it back, or delete it yourself.",
    );
  }
  if (wish === "fail") {
    refusals.unshift({
      code: "exists",
      text: `Stream "${stream}" already exist`,
      cure: "Pass --if-exists skip to leave it, or --if-exists replace to replace it after a safety backup.",
    });
  }
  return {
    stream,
    action: wish === "skip" ? "skip" : wish === "fail" || refusals.length > 0 ? "refuse" : wish,
    config,
    format: facts.format,
    route,
    changes,
    warnings,
    refusals,
    settleConfig:
      route === "as-is" &&
      facts.inside !== undefined &&
      filterStreamConfig(facts.inside.config, target.version).dropped.length > 0,
    expected: {
      messages: facts.messages,
      atLeast: atLeast(source, config),
      firstSequence: facts.firstSequence,
      lastSequence: facts.lastSequence,
      streamLastSequence: facts.streamLastSequence,
      consumers: facts.consumers.map((consumer) => consumer.name),
    },
  };
}

/** Gaps beyond this make a server that rebuilds its duplicate window from a v1 archive walk through them one by one. */
const largestGapForV1 = 1_000_000;

function chooseRoute(facts: ArchiveFacts, config: StreamConfig, target: RestoreTarget): RestorePlan["route"] {
  // The index of 2.9 is the only one that 2.9 reads. Others keep an index that came with an archive only when it is of
  // their own version or an older one, and their files are not encrypted, which nobody can see from here.
  if (facts.format === "v1") return facts.needsIndex && versionRules(target.version).readsDeletes ? "as-v1" : "as-is";
  // In a cluster the creation time is not taken over, and v2 is what the servers pass on among themselves.
  const fits = config.storage !== "memory" && !target.clustered;
  return fits && facts.largestGap <= largestGapForV1 ? "as-v1" : "as-is";
}

/** The configuration to send, and in what it differs from the backup's. */
function planConfig(
  source: RestoreSource,
  target: RestoreTarget,
  wishes: RestoreWishes,
  changes: string[],
): StreamConfig {
  const rules = versionRules(target.version);
  const filtered = filterStreamConfig(wishes.config ?? source.config, target.version);
  const config: Record<string, unknown> = { ...filtered.config };
  if (wishes.config) {
    const fields = changedFields(source.config, wishes.config);
    if (fields.length > 0) changes.push(`from the given configuration: ${fields.join(", ")}`);
  }
  for (const field of filtered.dropped) {
    changes.push(`${field} is left out: nats-server ${target.version.text} does not know it`);
  }
  applyPlacement(config, wishes, changes);
  if (wishes.liftMaxAge && Number(config.max_age ?? 0) > 0) {
    changes.push("max_age is lifted");
    config.max_age = 0;
  }
  const firstSequence = Number(config.first_seq ?? 0);
  if (firstSequence > 0) {
    const { facts } = source;
    const first = facts.messages > 0 ? facts.firstSequence : facts.streamLastSequence + 1;
    if (rules.firstSequenceEmptiesStream || firstSequence > first) {
      changes.push(
        `first_seq ${firstSequence} is left out: nats-server ${target.version.text} would empty the stream over it`,
      );
      delete config.first_seq;
    }
  }
  return config as StreamConfig;
}

/** How many messages have to be there afterwards. */
function atLeast(source: RestoreSource, config: StreamConfig): number {
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
