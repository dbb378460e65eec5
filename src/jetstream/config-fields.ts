import type { StreamConfig } from "./api-types.ts";
import { isAtLeast, type ServerVersion } from "./server-version.ts";

/** Which StreamConfig fields each server version knows (nats-server `server/stream.go`, by tag). */
const fieldsAddedIn: readonly (readonly [minor: number, patch: number, fields: readonly string[]])[] = [
  [
    9,
    0,
    "name description subjects retention max_consumers max_msgs max_bytes max_age max_msgs_per_subject max_msg_size discard storage num_replicas no_ack duplicate_window placement mirror sources republish allow_direct mirror_direct discard_new_per_subject sealed deny_delete deny_purge allow_rollup_hdrs".split(
      " ",
    ),
  ],
  [10, 0, ["compression", "first_seq", "subject_transform", "consumer_limits", "metadata"]],
  [11, 0, ["allow_msg_ttl", "subject_delete_marker_ttl"]],
  [12, 0, ["allow_msg_counter", "allow_atomic", "allow_msg_schedules", "persist_mode"]],
  [14, 0, ["allow_batched"]],
];

export interface FilteredConfig {
  readonly config: StreamConfig;
  /** Names of the fields that the target does not know and that had a value worth telling. */
  readonly dropped: readonly string[];
}

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === false ||
  value === 0 ||
  value === "" ||
  value === "none" ||
  value === "default" ||
  (Array.isArray(value) && value.length === 0) ||
  (typeof value === "object" && value !== null && Object.keys(value).length === 0);

/**
 * Leaves only the fields that a server of `version` knows: servers from 2.12 on refuse unknown fields, and an unknown
 * field inside a v1 archive takes a stream offline after a restart. Fields that no known version has are kept for
 * servers newer than the table. Metadata that the server itself writes (`_nats.*`) is removed.
 */
export function filterStreamConfig(config: StreamConfig, version: ServerVersion): FilteredConfig {
  const known = new Set<string>();
  const listed = new Set<string>();
  for (const [minor, patch, fields] of fieldsAddedIn) {
    for (const field of fields) {
      listed.add(field);
      if (isAtLeast(version, 2, minor, patch)) known.add(field);
    }
  }
  const newest = isAtLeast(version, 2, 15);
  const out: Record<string, unknown> = {};
  const dropped: string[] = [];
  for (const [field, value] of Object.entries(config)) {
    // "template_owner" left with stream templates; a newer server's own fields reach only servers newer than the table.
    if (known.has(field) || (newest && !listed.has(field) && field !== "template_owner")) out[field] = value;
    else if (!isEmpty(value)) dropped.push(field);
  }
  if (out.metadata && typeof out.metadata === "object") {
    const kept = Object.entries(out.metadata).filter(([key]) => !key.startsWith("_nats."));
    if (kept.length > 0) out.metadata = Object.fromEntries(kept);
    else delete out.metadata;
  }
  return { config: out as StreamConfig, dropped };
}
