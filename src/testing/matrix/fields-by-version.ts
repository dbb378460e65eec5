import { versionAtLeast } from "../stream-info.ts";

type Since = Readonly<Record<string, string>>;

/**
 * Fields of a stream's configuration that came after 2.9, with the version that brought them. On purpose not taken from
 * `src/jetstream/`: what checks a restore must not have its mistakes. Source: nats-server `server/stream.go`, by tag.
 */
const streamFields: Since = {
  compression: "2.10.0",
  first_seq: "2.10.0",
  subject_transform: "2.10.0",
  consumer_limits: "2.10.0",
  metadata: "2.10.0",
  allow_msg_ttl: "2.11.0",
  subject_delete_marker_ttl: "2.11.0",
  allow_msg_counter: "2.12.0",
  allow_atomic: "2.12.0",
  allow_msg_schedules: "2.12.0",
  persist_mode: "2.12.0",
  allow_batched: "2.14.0",
};

/** The same of a consumer's. Source: nats-server `server/consumer.go`, by tag. */
const consumerFields: Since = {
  filter_subjects: "2.10.0",
  metadata: "2.10.0",
  pause_until: "2.11.0",
  priority_groups: "2.11.0",
  priority_policy: "2.11.0",
  priority_timeout: "2.11.0",
};

const later = (fields: Since, version: string): string[] =>
  Object.keys(fields).filter((field) => !versionAtLeast(version, fields[field] as string));

/** Fields of a stream's configuration that a server of this version does not know. */
export function unknownStreamFields(version: string): string[] {
  return later(streamFields, version);
}

/** Fields of a consumer's configuration that a server of this version does not know. */
export function unknownConsumerFields(version: string): string[] {
  return later(consumerFields, version);
}
