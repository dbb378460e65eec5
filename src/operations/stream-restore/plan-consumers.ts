import type { ArchiveFacts, ConsumerFacts } from "../../formats/directory/archive-facts.ts";
import { isStreamName } from "../../formats/directory/backup-json.ts";
import type { StreamConfig } from "../../jetstream/api-types.ts";
import { isOwnConsumer } from "../../jetstream/capture/own-consumers.ts";
import { unknownConsumerFields } from "../../jetstream/config-fields.ts";
import { versionRules } from "../../jetstream/version-rules.ts";
import type { RestoreTarget } from "./restore-plan.ts";

export interface ConsumersPlan {
  /** Consumers for which the server would refuse the whole stream. */
  readonly leaveOut: readonly { readonly name: string; readonly reason: string }[];
  /** Fields that the server does not know: from 2.12 on they take the stream offline at its next start. */
  readonly dropFields: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * What has to become of the archive's consumers so that this server takes the rest. `rewritten`: the archive is written anew in
 * any case. Pure.
 */
export function planConsumers(
  facts: ArchiveFacts,
  config: StreamConfig,
  target: RestoreTarget,
  rewritten: boolean,
): ConsumersPlan {
  const server = `nats-server ${target.version.text}`;
  const leaveOut: { name: string; reason: string }[] = [];
  const dropFields = new Set<string>();
  const warnings: string[] = [];
  for (const consumer of facts.consumers) {
    if (rewritten && isOwnConsumer(consumer.config)) {
      leaveOut.push({ name: consumer.name, reason: "it is one by which Relight read the stream" });
      continue;
    }
    if (rewritten && isOrdered(consumer)) {
      leaveOut.push({ name: consumer.name, reason: "it is a client's ordered consumer, which makes itself anew" });
      continue;
    }
    const reason = reasonAgainst(consumer, config, target);
    if (reason !== undefined) {
      leaveOut.push({ name: consumer.name, reason });
      warnings.push(`consumer "${consumer.name}" is left out: ${reason}`);
      continue;
    }
    const unknown = unknownConsumerFields(consumer.config, target.version);
    if (unknown.length === 0) continue;
    for (const field of unknown) dropFields.add(field);
    const all = unknown.includes("filter_subjects") ? ", so it delivers messages of every subject" : "";
    warnings.push(`consumer "${consumer.name}" has ${unknown.join(", ")}, which ${server} does not know${all}`);
  }
  return { leaveOut, dropFields: [...dropFields], warnings };
}

/** What watchers and readers of buckets leave in a snapshot: nobody will ever ask for it again. Source: nats.go `jetstream/ordered.go`. */
function isOrdered({ config }: ConsumerFacts): boolean {
  return (
    !config.durable_name && config.ack_policy === "none" && config.max_deliver === 1 && config.mem_storage === true
  );
}

function reasonAgainst(
  { name, config }: ConsumerFacts,
  stream: StreamConfig,
  target: RestoreTarget,
): string | undefined {
  if (!isStreamName(name)) return "no server takes its name";
  const filtered =
    Boolean(config.filter_subject) || ((config.filter_subjects as unknown[] | undefined)?.length ?? 0) > 0;
  const listens = (stream.subjects?.length ?? 0) > 0 || stream.mirror != null || (stream.sources?.length ?? 0) > 0;
  if (filtered && !listens && !versionRules(target.version).readsDeletes) {
    return `nats-server ${target.version.text} wants its filter to be one of the stream's subjects, and those are left out`;
  }
  return undefined;
}
