import type { StreamConfig } from "../../jetstream/api-types.ts";
import { interimNames } from "../../jetstream/restore-leftovers.ts";
import { isAtLeast, type ServerVersion } from "../../jetstream/server-version.ts";
import { shortestDuplicateWindowNs } from "./message-publisher.ts";

/** How a stream is reached while it is made. */
export interface Interim {
  readonly config: StreamConfig;
  /** Where a message is published to that is to be stored under a subject. */
  readonly publishTo: (subject: string) => string;
  /** Messages that stand for gaps are published to this subject and stored under the other one. */
  readonly gapTo: string;
  readonly gapStored: string;
}

/**
 * The configuration that a stream has while its messages are published: no limit that removes or refuses any, and from 2.10
 * on subjects that nobody else knows, which are taken off again when a message is stored. So nobody else's messages get between
 * them, and nobody who listens to the stream's subjects gets them once more. 2.9 cannot do that, and takes its own subjects.
 *
 * What an update cannot change later is as it will be: storage, replicas, placement, the number of consumers, work queues.
 */
export function interimConfig(config: StreamConfig, version: ServerVersion, id: string): Interim {
  const prefix = `_RELIGHT.${id}`;
  const hidden = isAtLeast(version, 2, 10);
  const gap = `_RELIGHT.GAP.${id}`;
  const subjects = hidden ? [`${prefix}.>`] : [...(config.subjects ?? [config.name]), gap];
  return {
    config: {
      ...lasting(config, id),
      subjects,
      ...(hidden ? { subject_transform: { src: `${prefix}.>`, dest: ">" } } : {}),
      duplicate_window: shortestDuplicateWindowNs,
      allow_rollup_hdrs: true,
      ...(config.allow_msg_ttl ? { allow_msg_ttl: true } : {}),
    },
    publishTo: hidden ? (subject) => `${prefix}.${subject}` : (subject) => subject,
    gapTo: hidden ? `${prefix}.${gap}` : gap,
    gapStored: gap,
  };
}

/**
 * The configuration with which a copied stream takes messages that stand for the gap behind its last one: under their own
 * subject, since a replica that hears of a transformation too late stores another subject than its leader.
 */
export function gapConfig({ config, gapStored }: Interim): StreamConfig {
  const { subject_transform: _, ...plain } = config;
  return { ...plain, subjects: [gapStored] };
}

/** The configuration that a stream has while it copies another one. */
export function mirrorConfig(config: StreamConfig, id: string, origin: string): StreamConfig {
  return {
    ...lasting(config, id),
    mirror: { name: origin },
    allow_rollup_hdrs: true,
    ...(config.allow_msg_ttl ? { allow_msg_ttl: true } : {}),
  };
}

/** What no update can change. */
function lasting(config: StreamConfig, id: string): StreamConfig {
  return {
    name: config.name,
    description: interimNames.description(id),
    storage: config.storage ?? "memory",
    retention: config.retention === "workqueue" ? "workqueue" : "limits",
    num_replicas: config.num_replicas ?? 1,
    ...(config.placement ? { placement: config.placement } : {}),
    max_consumers: Number(config.max_consumers ?? -1),
  };
}
