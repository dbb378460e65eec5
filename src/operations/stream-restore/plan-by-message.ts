import type { ArchiveFacts } from "../../formats/directory/archive-facts.ts";
import type { StreamConfig } from "../../jetstream/api-types.ts";
import { isAtLeast } from "../../jetstream/server-version.ts";
import { versionRules } from "../../jetstream/version-rules.ts";
import type { Refusal, RestorePlan, RestoreTarget } from "./restore-plan.ts";

/** Messages that stand for gaps are published and removed again: so many at most. */
const mostGaps = 2_000_000;

/**
 * How the archive of a stream in memory gets to a server that takes no such archive: undefined where it does. From 2.12 on a
 * mirror can be turned into a stream, which keeps the messages' times.
 */
export function messageRoute(
  facts: ArchiveFacts,
  config: StreamConfig,
  target: RestoreTarget,
): Extract<RestorePlan["route"], "by-message" | "through-mirror"> | undefined {
  if (config.storage !== "memory" || facts.format !== "v2" || versionRules(target.version).memorySnapshots)
    return undefined;
  const mirrors = isAtLeast(target.version, 2, 12) && facts.messages > 0;
  return mirrors && target.account.limits.max_storage !== 0 ? "through-mirror" : "by-message";
}

/** Why such a restore would lose something, or not end. Pure. */
export function messageRefusals(facts: ArchiveFacts, config: StreamConfig, target: RestoreTarget): Refusal[] {
  const refusals: Refusal[] = [];
  const server = `nats-server ${target.version.text}`;
  const refuse = (code: string, text: string, cure = "Restore to nats-server 2.15 or newer."): void => {
    refusals.push({ code, text, cure });
  };
  if (config.mirror) {
    refuse(
      "memory-mirror",
      `${server} takes no messages of a stream in memory that mirrors another`,
      "Create it anew: a mirror fetches what it holds from its origin.",
    );
  }
  for (const [field, what] of [
    ["allow_msg_schedules", "scheduled messages would be carried out once more"],
    ["allow_msg_counter", "counters would be counted once more"],
  ] as const) {
    if (config[field] === true) refuse("memory-headers", `messages would be published to ${server} anew, and ${what}`);
  }
  if (config.retention === "interest" && !isAtLeast(target.version, 2, 10)) {
    refuse(
      "memory-interest",
      `${server} keeps no messages for consumers that are made after them, and no update changes that`,
    );
  }
  const gaps = facts.messages === 0 ? 0 : facts.streamLastSequence - facts.firstSequence + 1 - facts.messages;
  if (gaps > mostGaps) {
    refuse("memory-gaps", `${gaps} sequences without a message would have to be published and removed one by one`);
  }
  return refusals;
}

/** What comes back otherwise than it was. Pure. */
export function messageWarnings(
  route: "by-message" | "through-mirror",
  facts: ArchiveFacts,
  config: StreamConfig,
  target: RestoreTarget,
): string[] {
  const server = `nats-server ${target.version.text}`;
  const warnings: string[] = [];
  if (route === "through-mirror") {
    warnings.push(
      `${server} takes no archive of a stream in memory: it is restored into a stream in files, which the one in memory ` +
        "copies, with sequences and times, and which is deleted again; headers Nats-Expected-* and Nats-Batch-* are left out by the server",
    );
  } else if (facts.messages > 0) {
    warnings.push(
      `${server} takes no archive of a stream in memory: its messages are published anew, with their sequences; their times ` +
        "become the time of the restore, and headers that a server acts upon may have to be left out",
    );
    if (!isAtLeast(target.version, 2, 10)) {
      warnings.push("they are published to the stream's own subjects: whoever listens to those gets them once more");
    }
    if (Number(config.max_age ?? 0) > 0) warnings.push("max_age counts from the restore on");
  }
  if (facts.consumers.some((consumer) => (consumer.state?.ack_floor.stream_seq ?? 0) > 0)) {
    warnings.push(
      "consumers are made anew: those that have begun start behind their acknowledgement floor, by a deliver policy that says so, " +
        "and count deliveries from 1",
    );
  }
  return warnings;
}
