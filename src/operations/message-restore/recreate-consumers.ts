import type { ConsumerFacts } from "../../formats/directory/archive-facts.ts";
import type { StreamConfig } from "../../jetstream/api-types.ts";
import { unknownConsumerFields } from "../../jetstream/config-fields.ts";
import type { JetStreamApi } from "../../jetstream/jetstream-api.ts";
import type { ServerVersion } from "../../jetstream/server-version.ts";

/**
 * The configuration that a consumer is made anew with. One that has begun starts behind its acknowledgement floor, since no
 * request sets where a consumer stands; on a work queue what was acknowledged is gone. Pure.
 */
export function recreatedConsumer(
  { name, config, state }: ConsumerFacts,
  stream: StreamConfig,
  version: ServerVersion,
): Readonly<Record<string, unknown>> {
  const { metadata, ...rest } = config as { readonly metadata?: Readonly<Record<string, string>> | null };
  const made: Record<string, unknown> = { ...rest, name };
  const kept = Object.entries(metadata ?? {}).filter(([key]) => !key.startsWith("_nats."));
  if (kept.length > 0) made.metadata = Object.fromEntries(kept);
  for (const field of unknownConsumerFields(config, version)) delete made[field];
  const floor = state?.ack_floor.stream_seq ?? 0;
  if (floor > 0 && stream.retention !== "workqueue") {
    made.deliver_policy = "by_start_sequence";
    made.opt_start_seq = floor + 1;
    delete made.opt_start_time;
  }
  return made;
}

/** Creates the consumers of an archive. Throws what the API throws. */
export async function recreateConsumers(
  api: JetStreamApi,
  stream: StreamConfig,
  consumers: readonly ConsumerFacts[],
): Promise<void> {
  for (const consumer of consumers) {
    const config = recreatedConsumer(consumer, stream, api.serverVersion);
    await api.request(`CONSUMER.CREATE.${stream.name}.${consumer.name}`, { stream_name: stream.name, config });
  }
}
