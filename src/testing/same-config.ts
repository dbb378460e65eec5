import type { OpenConfig } from "./stream-info.ts";

/** Values that a server fills in where an older one, or a request, leaves the field out. */
const defaults: Readonly<Record<string, unknown>> = {
  compression: "none",
  persist_mode: "default",
  replay_policy: "instant",
  deliver_policy: "all",
  ack_policy: "explicit",
  retention: "limits",
  discard: "old",
  storage: "file",
  max_consumers: -1,
  max_msgs: -1,
  max_bytes: -1,
  max_msgs_per_subject: -1,
  max_msg_size: -1,
  max_deliver: -1,
  num_replicas: 1,
};

/** Fields of a configuration whose values differ, with both values after normalisation. */
export interface ConfigDifference {
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
}

/**
 * A configuration as it is compared: no field that says nothing (absent, null, false, 0, "", empty, or the server's
 * default), and no `_nats.*` metadata, which every server writes for itself.
 */
export function normalConfig(config: OpenConfig): Record<string, unknown> {
  const normal: Record<string, unknown> = {};
  for (const field of Object.keys(config).sort()) {
    const value = normalValue(config[field]);
    if (value === undefined || value === defaults[field]) continue;
    normal[field] = value;
  }
  return normal;
}

/** The fields in which two configurations differ after normalisation, in the order of their names. */
export function configDifferences(before: OpenConfig, after: OpenConfig): ConfigDifference[] {
  const a = normalConfig(before);
  const b = normalConfig(after);
  const fields = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
  return fields
    .filter((field) => JSON.stringify(a[field]) !== JSON.stringify(b[field]))
    .map((field) => ({ field, before: a[field], after: b[field] }));
}

function normalValue(value: unknown): unknown {
  if (value === null || value === undefined || value === false || value === 0 || value === "") return undefined;
  if (Array.isArray(value)) {
    // An element is a value of its own: "" inside a list says something, a field that is empty does not.
    return value.length === 0 ? undefined : value.map((item) => normalValue(item) ?? item);
  }
  if (typeof value !== "object") return value;
  const entries = Object.entries(value)
    .filter(([key]) => !key.startsWith("_nats."))
    .map(([key, inner]) => [key, normalValue(inner)] as const)
    .filter(([, inner]) => inner !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
