import { SubjectMap, type SubjectRule } from "../../formats/subjects/subject-map.ts";
import type { StreamConfig } from "../../jetstream/api-types.ts";
import { filterStreamConfig } from "../../jetstream/config-fields.ts";
import { parseServerVersion, type ServerVersion } from "../../jetstream/server-version.ts";
import { bucketRules } from "../archive-edit/edit-plan.ts";
import type { ExtractSource, ExtractWishes } from "./extract-plan.ts";

/** Newer than every table of fields: it is taken to know all of them. */
const anyVersion: ServerVersion = { major: Number.MAX_SAFE_INTEGER, minor: 0, patch: 0, text: "any" };

export interface ExtractedConfig {
  readonly config: StreamConfig;
  /** What becomes of the messages' subjects. */
  readonly subjectRules: readonly SubjectRule[];
  /** In what it differs from the backup's, in words. */
  readonly changes: string[];
  /** Fields of mirror and sources that the server does not know. */
  readonly lostOfSources: readonly string[];
}

/**
 * The configuration that a standalone server will find beside the messages. It checks nothing in it when it starts, so all
 * that would empty the stream or keep it from starting is taken out here. Pure.
 */
export function extractedConfig(
  { config: given, facts }: Pick<ExtractSource, "config" | "facts">,
  { name, version, liftMaxAge }: ExtractWishes,
): ExtractedConfig {
  const changes: string[] = [];
  const filtered = filterStreamConfig(given, version ?? anyVersion);
  const config: Record<string, unknown> = { ...filtered.config, name: name ?? given.name };
  if (config.name !== given.name) changes.push(`name is "${config.name}" instead of "${given.name}"`);
  const subjectRules = bucketRules(given.name, String(config.name));
  if (subjectRules.length > 0) {
    config.subjects = new SubjectMap(subjectRules).renameStreamSubjects(given.subjects ?? []);
    for (const { from, to } of subjectRules)
      changes.push(`subjects ${from} become ${to}, as the bucket's name is in them`);
  }
  for (const field of filtered.dropped) {
    changes.push(
      version ? `${field} is left out: nats-server ${version.text} does not know it` : `${field} is left out`,
    );
  }
  if (config.storage === "memory") {
    // A server that starts with a stream in memory finds nothing of it on disk.
    changes.push("storage is file instead of memory, where the messages would be lost");
    config.storage = "file";
  }
  if (Number(config.num_replicas ?? 1) > 1) {
    changes.push(`num_replicas is 1 instead of ${config.num_replicas}: the server is alone`);
  }
  config.num_replicas = 1;
  if (liftMaxAge && Number(config.max_age ?? 0) > 0) {
    changes.push("max_age is lifted");
    config.max_age = 0;
  }
  const first = facts.messages > 0 ? facts.firstSequence : facts.streamLastSequence + 1;
  if (Number(config.first_seq ?? 0) >= first) {
    changes.push(`first_seq ${config.first_seq} is left out: a server could empty the stream over it`);
    delete config.first_seq;
  }
  const lostOfSources = filtered.dropped.filter((field) => /^(mirror|sources)\./.test(field));
  return { config: config as StreamConfig, subjectRules, changes, lostOfSources };
}

/** Fields of a configuration that a server of version 2.9 would not know. Pure. */
export function laterThan29(config: StreamConfig): readonly string[] {
  return filterStreamConfig(config, parseServerVersion("2.9.0") as ServerVersion).dropped;
}
