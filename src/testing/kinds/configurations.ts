import { jsRequest } from "../js-request.ts";
import { LiveModel } from "../live-model.ts";
import { versionAtLeast } from "../stream-info.ts";
import { type ExpectedStream, expectedOf, type StreamKind } from "../stream-kind.ts";
import { createStream, publishNumbered, reachesModel } from "../stream-setup.ts";

interface Variant {
  readonly name: string;
  readonly since: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly singleReplica?: boolean;
  /** Publishes get no acknowledgement. */
  readonly silent?: boolean;
  /** Set by an update after the messages came, for what allows none. */
  readonly update?: Readonly<Record<string, unknown>>;
}

const dayNs = 86_400_000_000_000;

/** One stream for each part of the configuration that no other kind sets. */
const variants: readonly Variant[] = [
  {
    name: "CONFIG_LIMITS",
    since: "2.9.0",
    config: {
      description: "every limit set, with “quotes” & <angles>",
      max_age: 7 * dayNs,
      max_bytes: 64 * 1024 * 1024,
      max_msgs: 100_000,
      max_msg_size: 4_096,
      max_consumers: 5,
      duplicate_window: 30_000_000_000,
    },
  },
  { name: "CONFIG_DENY", since: "2.9.0", config: { deny_delete: true, deny_purge: true } },
  { name: "CONFIG_SEALED", since: "2.9.0", config: {}, update: { sealed: true } },
  { name: "CONFIG_DIRECT", since: "2.9.0", config: { allow_direct: true, max_msgs_per_subject: 1_000 } },
  { name: "CONFIG_NOACK", since: "2.9.0", config: { no_ack: true }, silent: true },
  {
    name: "CONFIG_REPUBLISH",
    since: "2.9.0",
    config: { republish: { src: "CONFIG_REPUBLISH.>", dest: "republished.>", headers_only: true } },
  },
  {
    name: "CONFIG_METADATA",
    since: "2.10.0",
    config: { metadata: { owner: "team ✈", "cost-center": "42", empty: "", "with.dots": '{"json": true}' } },
  },
  {
    name: "CONFIG_TRANSFORM",
    since: "2.10.0",
    config: { subject_transform: { src: "CONFIG_TRANSFORM.*", dest: "transformed.{{wildcard(1)}}" } },
  },
  {
    name: "CONFIG_CONSUMER_LIMITS",
    since: "2.10.0",
    config: { consumer_limits: { inactive_threshold: 60_000_000_000, max_ack_pending: 50 } },
  },
  { name: "CONFIG_ASYNC", since: "2.12.0", config: { persist_mode: "async" }, singleReplica: true },
  { name: "CONFIG_BATCHED", since: "2.14.0", config: { allow_batched: true } },
];

export const configurationsKind: StreamKind = {
  name: "configurations",
  title: "metadata, limits, denials, a sealed stream, transforms and every other field of the configuration",
  minVersion: "2.9.0",
  async create(nc, version, options) {
    const streams: ExpectedStream[] = [];
    for (const variant of variants) {
      if (!versionAtLeast(version, variant.since)) continue;
      if (variant.singleReplica && (options?.replicas ?? 1) > 1) continue;
      const { name } = variant;
      const created = await createStream(nc, { name, subjects: [`${name}.>`], ...variant.config }, options);
      const model = new LiveModel();
      if (variant.silent) {
        for (let i = 0; i < 10; i++) {
          model.publish(`${name}.${i}`);
          nc.publish(`${name}.${i}`, `message ${i}`);
        }
        await reachesModel(nc, name, model);
      } else {
        await publishNumbered(nc, model, 10, (i) => `${name}.${i % 3}`);
      }
      if (variant.update) await jsRequest(nc, `STREAM.UPDATE.${name}`, { ...created.config, ...variant.update });
      streams.push(expectedOf(name, model));
    }
    return { streams };
  },
};
