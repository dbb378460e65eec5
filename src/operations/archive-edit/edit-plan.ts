import { RelightError } from "../../errors.ts";
import { isStreamName } from "../../formats/directory/backup-json.ts";
import type { Obfuscator } from "../../formats/edit/obfuscator.ts";
import type { EditSpec } from "../../formats/edit/run-edit.ts";
import { SubjectMap, type SubjectRule } from "../../formats/subjects/subject-map.ts";
import type { StreamConfig } from "../../jetstream/api-types.ts";
import { filterStreamConfig } from "../../jetstream/config-fields.ts";
import type { ServerVersion } from "../../jetstream/server-version.ts";

/** What a person asks for. */
export interface EditWishes {
  readonly spec: EditSpec;
  /** Default: the source's format. */
  readonly format?: "v1" | "v2";
  /** Leave out what a server of this version does not know. */
  readonly serverVersion?: ServerVersion;
  readonly rename?: string;
  readonly storage?: "file" | "memory";
}

export interface EditPlan {
  readonly config: StreamConfig;
  readonly spec: EditSpec;
  readonly format: "v1" | "v2";
  /** What becomes different in the configuration, and what to know. Sentences. */
  readonly notes: readonly string[];
}

/**
 * Decides what an edited backup is to be. Pure. Throws USAGE for wishes that cannot be, and whose result no server would
 * restore.
 */
export function planEdit(
  source: { readonly config: StreamConfig; readonly format: "v1" | "v2" },
  wishes: EditWishes,
  obfuscate?: Obfuscator,
): EditPlan {
  const notes: string[] = [];
  const format = wishes.format ?? source.format;
  const rules = [...(wishes.spec.subjectRules ?? [])];
  let config: StreamConfig = source.config;
  if (wishes.rename !== undefined && wishes.rename !== config.name) {
    if (!isStreamName(wishes.rename))
      throw new RelightError("USAGE", `"${wishes.rename}" cannot be the name of a stream`);
    const own = rules.length === 0 ? bucketRules(config.name, wishes.rename) : [];
    for (const { from, to } of own) notes.push(`subjects ${from} become ${to}, as the bucket's name is in them`);
    rules.push(...own);
    const prefix = /^(?:KV|OBJ)_/.exec(config.name)?.[0];
    if (prefix && !wishes.rename.startsWith(prefix))
      notes.push(`it is a bucket no more: clients find one by its name, ${prefix}NAME, and by its subjects`);
    config = { ...config, name: wishes.rename };
  }
  if (rules.length > 0)
    config = { ...config, subjects: subjectMap(rules).renameStreamSubjects(config.subjects ?? []) as string[] };
  if (rules.length > 0) {
    const others = ["republish", "subject_transform", "sources", "mirror"].filter((field) => isSet(config[field]));
    if (others.length > 0) notes.push(`${others.join(", ")} in the configuration: their subjects are as they were`);
  }
  if (wishes.storage !== undefined && wishes.storage !== (config.storage ?? "file"))
    config = { ...config, storage: wishes.storage };
  if (format === "v1" && config.storage === "memory") {
    throw new RelightError(
      "USAGE",
      "a v1 archive of a stream in memory restores without its messages, on every server",
      {
        hint: "Add --storage file, or make a v2 archive (--to v2), which nats-server 2.15 and newer restore.",
      },
    );
  }
  const cut = wishes.spec.select !== undefined || wishes.spec.newest !== undefined || wishes.spec.renumber === true;
  config = withoutWhatRefills(config, cut, notes);
  if (wishes.serverVersion) {
    const { config: known, dropped } = filterStreamConfig(config, wishes.serverVersion);
    config = known;
    if (dropped.length > 0)
      notes.push(`nats-server ${wishes.serverVersion.text} does not know, and is left out: ${dropped.join(", ")}`);
  }
  if (obfuscate)
    config = obfuscate.streamConfig(config as StreamConfig & { readonly [key: string]: unknown }) as StreamConfig;
  const { subjectRules: _, ...spec } = wishes.spec;
  return { config, format, notes, spec: rules.length > 0 ? { ...spec, subjectRules: rules } : spec };
}

function subjectMap(rules: readonly SubjectRule[]): SubjectMap {
  try {
    return new SubjectMap(rules);
  } catch (error) {
    throw new RelightError("USAGE", (error as Error).message, { cause: error });
  }
}

const isSet = (value: unknown): boolean => (Array.isArray(value) ? value.length > 0 : Boolean(value));

/** A bucket's name is in its subjects: under another name it could not be used without new ones. */
export function bucketRules(from: string, to: string): SubjectRule[] {
  if (from === to) return [];
  for (const [prefix, root] of [
    ["KV_", "$KV"],
    ["OBJ_", "$O"],
  ] as const) {
    if (!from.startsWith(prefix) || !to.startsWith(prefix)) continue;
    return [{ from: `${root}.${from.slice(prefix.length)}.>`, to: `${root}.${to.slice(prefix.length)}.>` }];
  }
  return [];
}

/** What would bring back what an edit cut, or take away what it kept. */
function withoutWhatRefills(config: StreamConfig, cut: boolean, notes: string[]): StreamConfig {
  if (!cut) return config;
  const { mirror, sources, first_seq, ...rest } = config;
  if (mirror) notes.push(`it is no mirror of ${mirror.name} any more: that would fetch again what was cut`);
  if (sources?.length) notes.push("it has no sources any more: they would bring again what was cut");
  if (first_seq) notes.push("first_seq is left out: servers purge what lies before it");
  return rest as StreamConfig;
}
