import { subjectsOverlap } from "../../formats/subjects/subject-overlap.ts";
import type { StreamConfig } from "../../jetstream/api-types.ts";
import { filterStreamConfig } from "../../jetstream/config-fields.ts";
import { versionRules } from "../../jetstream/version-rules.ts";
import { changedFields } from "../stream-backup/stream-movement.ts";
import { applyPlacement } from "./apply-placement.ts";
import type { RestoreSource, RestoreTarget, RestoreWishes } from "./restore-plan.ts";

/** The configuration to send, and in what it differs from the backup's. */
export function planConfig(
  source: RestoreSource,
  target: RestoreTarget,
  wishes: RestoreWishes,
  changes: string[],
  warnings: string[],
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
  if (wishes.storage !== undefined && wishes.storage !== (config.storage ?? "file")) {
    changes.push(`storage is ${wishes.storage}`);
    config.storage = wishes.storage;
  }
  rename(config, target, wishes, changes, warnings);
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

/**
 * Gives the stream the name that was asked for, or one of its own where the backup's is taken. What is restored beside its
 * original must not take its messages: subjects that overlap with another stream's are left out.
 */
function rename(
  config: Record<string, unknown>,
  target: RestoreTarget,
  wishes: RestoreWishes,
  changes: string[],
  warnings: string[],
): void {
  const original = String(config.name);
  const name = restoreName(original, target, wishes);
  if (name === original) return;
  config.name = name;
  changes.push(`the name is ${name}, it was ${original}`);
  const subjects = (config.subjects ?? []) as readonly string[];
  const clash = target.streams.find(
    (info) =>
      info.config.name !== name &&
      info.config.subjects?.some((theirs) => subjects.some((own) => subjectsOverlap(own, theirs))),
  );
  if (!clash) return;
  delete config.subjects;
  changes.push(
    `subjects are left out, as they overlap with those of "${clash.config.name}": the stream takes no new messages of theirs`,
  );
  if (config.mirror != null || ((config.sources as unknown[] | undefined)?.length ?? 0) > 0) {
    warnings.push("it goes on copying from other streams, beside the original");
  }
}

/** The name that a stream is restored under: its own, the one that was asked for, or a free one beside it. Pure. */
export function restoreName(
  original: string,
  { streams, missing }: Pick<RestoreTarget, "streams" | "missing">,
  wishes: Pick<RestoreWishes, "as" | "ifExists">,
): string {
  if (wishes.as !== undefined) return wishes.as;
  const taken = (name: string): boolean => missing.includes(name) || streams.some((info) => info.config.name === name);
  if (wishes.ifExists !== "side-by-side" || !taken(original)) return original;
  for (let number = 1; ; number++) {
    const name = `${original}_restored${number === 1 ? "" : `_${number}`}`;
    if (!taken(name)) return name;
  }
}
