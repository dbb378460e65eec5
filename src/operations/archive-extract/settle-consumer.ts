import { unknownConsumerFields } from "../../jetstream/config-fields.ts";
import type { ServerVersion } from "../../jetstream/server-version.ts";

export interface SettledConsumer {
  readonly config: { readonly [key: string]: unknown };
  /** What became of the configuration, in words; what servers write for themselves is not told. */
  readonly changes: readonly string[];
}

/**
 * A consumer's configuration as a standalone server can start it. Nobody checks it but the server that starts, which leaves
 * out a consumer that it does not like: with more replicas than its stream has, or with fields that it does not know. Pure.
 */
export function settleConsumer(
  given: { readonly [key: string]: unknown },
  version: ServerVersion | undefined,
): SettledConsumer {
  const config: Record<string, unknown> = { ...given };
  const changes: string[] = [];
  if (Number(config.num_replicas ?? 0) > 1) {
    changes.push(`num_replicas is 1 instead of ${config.num_replicas}`);
    config.num_replicas = 1;
  }
  if (config.metadata && typeof config.metadata === "object") {
    const kept = Object.entries(config.metadata).filter(([key]) => !key.startsWith("_nats."));
    if (kept.length > 0) config.metadata = Object.fromEntries(kept);
    else delete config.metadata;
  }
  for (const field of version ? unknownConsumerFields(config, version) : []) {
    const all = field === "filter_subjects" ? ", so it delivers messages of every subject" : "";
    changes.push(`${field} is left out: nats-server ${version?.text} does not know it${all}`);
    delete config[field];
  }
  return { config, changes };
}
