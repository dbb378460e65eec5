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

/** The same of a mirror or source. */
const sourceFieldsAddedIn: typeof fieldsAddedIn = [
  [9, 0, ["name", "opt_start_seq", "opt_start_time", "filter_subject", "external"]],
  [10, 0, ["subject_transforms"]],
  [14, 0, ["consumer"]],
];

/** Fields of a consumer's configuration that came after 2.9 (nats-server `server/consumer.go`, by tag). */
const consumerFieldsAddedIn: typeof fieldsAddedIn = [
  [10, 0, ["filter_subjects", "metadata"]],
  [11, 0, ["pause_until", "priority_groups", "priority_policy", "priority_timeout"]],
  [14, 0, ["sourcing"]],
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
  // "template_owner" left with stream templates.
  const { out, dropped } = knownFields(withoutServersMetadata(config), version, fieldsAddedIn, ["template_owner"]);
  const source = (field: string, value: unknown): unknown => {
    const inside = knownFields(value as object, version, sourceFieldsAddedIn);
    dropped.push(...inside.dropped.map((name) => `${field}.${name}`).filter((name) => !dropped.includes(name)));
    return inside.out;
  };
  if (out.mirror) out.mirror = source("mirror", out.mirror);
  if (Array.isArray(out.sources)) out.sources = out.sources.map((value) => source("sources", value));
  return { config: out as StreamConfig, dropped };
}

/** Names of the fields in a consumer's configuration that say something and that a server of `version` does not know. */
export function unknownConsumerFields(
  config: { readonly [key: string]: unknown },
  version: ServerVersion,
): readonly string[] {
  const late = consumerFieldsAddedIn
    .filter(([minor, patch]) => !isAtLeast(version, 2, minor, patch))
    .flatMap(([, , fields]) => fields);
  const { metadata, ...rest } = withoutServersMetadata(config);
  return late.filter((field) => !isEmpty(field === "metadata" ? metadata : rest[field]));
}

function withoutServersMetadata(config: { readonly [key: string]: unknown }): { readonly [key: string]: unknown } {
  const { metadata, ...rest } = config;
  if (!metadata || typeof metadata !== "object") return rest;
  const kept = Object.entries(metadata).filter(([key]) => !key.startsWith("_nats."));
  return kept.length > 0 ? { ...rest, metadata: Object.fromEntries(kept) } : rest;
}

function knownFields(
  config: object,
  version: ServerVersion,
  addedIn: typeof fieldsAddedIn,
  gone: readonly string[] = [],
): { readonly out: Record<string, unknown>; readonly dropped: string[] } {
  const known = new Set<string>();
  const listed = new Set<string>();
  for (const [minor, patch, fields] of addedIn) {
    for (const field of fields) {
      listed.add(field);
      if (isAtLeast(version, 2, minor, patch)) known.add(field);
    }
  }
  // A newer server's own fields reach only servers newer than the table.
  const newest = isAtLeast(version, 2, 15);
  const out: Record<string, unknown> = {};
  const dropped: string[] = [];
  for (const [field, value] of Object.entries(config)) {
    if (known.has(field) || (newest && !listed.has(field) && !gone.includes(field))) out[field] = value;
    else if (!isEmpty(value)) dropped.push(field);
  }
  return { out, dropped };
}
