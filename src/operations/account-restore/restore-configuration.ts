import { asRelightError, RelightError } from "../../errors.ts";
import type { ConsumerConfig, ConsumerInfo, StreamConfig, StreamInfo } from "../../jetstream/api-types.ts";
import { filterStreamConfig } from "../../jetstream/config-fields.ts";
import type { Session } from "../../jetstream/session.ts";
import { changedFields } from "../stream-backup/stream-movement.ts";
import { applyPlacement } from "../stream-restore/apply-placement.ts";
import type { StreamRestoreEvent } from "../stream-restore/restore-events.ts";
import { restoreOrder } from "../stream-restore/restore-order.ts";
import { restoreStreams } from "../stream-restore/restore-streams.ts";
import type { StoredConfiguration } from "./read-configuration.ts";

export interface ConfigurationRestoreOptions {
  readonly streams: readonly StoredConfiguration[];
  /** Edit existing streams and consumers in place, instead of refusing them. */
  readonly updateStreams: boolean;
  readonly dryRun?: boolean;
  readonly replicas?: number;
  readonly cluster?: string;
  readonly tags?: readonly string[];
  readonly tool: string;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: StreamRestoreEvent) => void;
  readonly onResult?: (result: ConfigurationRestoreResult) => void;
}

interface OneOfMany extends ConfigurationRestoreOptions {
  /** As {@link restoreStreams} takes it. */
  readonly restored: Map<string, number>;
}

export interface ConfigurationRestoreResult {
  readonly stream: string;
  readonly status: "created" | "restored" | "updated" | "unchanged" | "planned" | "failed";
  /** What was, or would be, done and changed, in words. */
  readonly changes: readonly string[];
  readonly messages?: number;
  readonly error?: RelightError;
}

/** Restores the configuration layout, stream by stream; a failure does not stop the others. Throws CANCELLED. */
export async function restoreConfiguration(
  session: Session,
  options: ConfigurationRestoreOptions,
): Promise<ConfigurationRestoreResult[]> {
  const results: ConfigurationRestoreResult[] = [];
  const restored = new Map<string, number>();
  for (const stored of restoreOrder(options.streams)) {
    if (options.signal?.aborted)
      throw new RelightError("CANCELLED", "the restore was cancelled; streams that were done stay");
    let result: ConfigurationRestoreResult;
    try {
      result = await restoreOne(session, stored, { ...options, restored });
    } catch (error) {
      const known = asRelightError(error);
      if (known.code === "CANCELLED") throw known;
      result = { stream: stored.stream, status: "failed", changes: [], error: known };
    }
    results.push(result);
    options.onResult?.(result);
  }
  return results;
}

async function restoreOne(
  session: Session,
  stored: StoredConfiguration,
  options: OneOfMany,
): Promise<ConfigurationRestoreResult> {
  const { stream } = stored;
  const existing = await session.api.findStream(stream);
  if (existing && !options.updateStreams) {
    throw new RelightError("STREAM_EXISTS", `Stream "${stream}" already exist`, {
      context: { stream },
      hint: "Pass --update-streams to edit its configuration in place so that it matches the backup.",
    });
  }
  if (existing) return updateInPlace(session, existing, stored, options);
  if (stored.data) return restoreData(session, stored, options);
  const { config, changes } = wishedConfig(session, stored.config, options);
  if (options.dryRun) {
    return {
      stream,
      status: "planned",
      changes: [`would be created, without messages`, ...changes, ...consumerNames(stored)],
    };
  }
  await session.api.createStream(config);
  const consumers = await restoreConsumers(session, stored, false);
  return { stream, status: "created", changes: [...changes, ...consumers], messages: 0 };
}

/** Data comes with its consumers; those that are only in the layout's own files are created afterwards. */
async function restoreData(
  session: Session,
  stored: StoredConfiguration,
  options: OneOfMany,
): Promise<ConfigurationRestoreResult> {
  const { stream, data } = stored;
  const [result] = await restoreStreams(session, {
    stored: data ? [data] : [],
    wishes: {
      ifExists: "fail",
      ...(options.replicas === undefined ? {} : { replicas: options.replicas }),
      ...(options.cluster === undefined ? {} : { cluster: options.cluster }),
      ...(options.tags === undefined ? {} : { tags: options.tags }),
    },
    tool: options.tool,
    restored: options.restored,
    ...(options.dryRun === undefined ? {} : { dryRun: options.dryRun }),
    ...(options.signal ? { signal: options.signal } : {}),
    ...(options.onEvent ? { onEvent: options.onEvent } : {}),
  });
  switch (result?.status) {
    case "restored": {
      const consumers = await restoreConsumers(session, stored, false);
      const messages = result.done.info.state.messages;
      return {
        stream,
        status: "restored",
        changes: [...result.plan.changes, ...result.done.outcome.notes, ...consumers],
        messages,
      };
    }
    case "planned":
      return {
        stream,
        status: "planned",
        changes: [
          `would be restored with ${result.plan.expected.messages} messages`,
          ...result.plan.changes,
          ...result.plan.warnings,
        ],
      };
    case "failed":
    case "refused":
      throw result.error;
    default:
      throw new RelightError("INTERNAL", `restore of "${stream}" gave no result`);
  }
}

async function updateInPlace(
  session: Session,
  existing: StreamInfo,
  stored: StoredConfiguration,
  options: ConfigurationRestoreOptions,
): Promise<ConfigurationRestoreResult> {
  const { stream } = stored;
  const { config } = wishedConfig(session, stored.config, options);
  const changes = describeChanges(existing.config, config);
  if (changes.length > 0 && !options.dryRun) await session.api.updateStream({ ...existing.config, ...config });
  const consumers = options.dryRun
    ? await plannedConsumers(session, stored)
    : await restoreConsumers(session, stored, true);
  const all = [...changes, ...consumers];
  if (stored.data) all.push("its messages were left as they are: an existing stream is only updated");
  const status = options.dryRun ? "planned" : changes.length + consumers.length > 0 ? "updated" : "unchanged";
  return { stream, status, changes: all, messages: existing.state.messages };
}

/** Creates consumers that are missing, and with `update` edits those that differ. Says what it did. */
async function restoreConsumers(session: Session, stored: StoredConfiguration, update: boolean): Promise<string[]> {
  const { api } = session;
  const said: string[] = [];
  const present = new Map((await api.consumers(stored.stream)).consumers.map((info) => [info.name, info]));
  for (const consumer of stored.consumers) {
    const live = present.get(consumer.name);
    const fields = live ? consumerChanges(live, consumer.config) : [];
    if (live && (!update || fields.length === 0)) continue;
    await api.request(`CONSUMER.DURABLE.CREATE.${stored.stream}.${consumer.name}`, {
      stream_name: stored.stream,
      config: { ...(live?.config ?? {}), ...consumer.config, durable_name: consumer.name },
    });
    said.push(live ? `consumer "${consumer.name}": ${fields.join("; ")}` : `consumer "${consumer.name}" created`);
  }
  return said;
}

async function plannedConsumers(session: Session, stored: StoredConfiguration): Promise<string[]> {
  const present = new Map((await session.api.consumers(stored.stream)).consumers.map((info) => [info.name, info]));
  return stored.consumers.flatMap((consumer) => {
    const live = present.get(consumer.name);
    if (!live) return [`consumer "${consumer.name}" would be created`];
    const fields = consumerChanges(live, consumer.config);
    return fields.length > 0 ? [`consumer "${consumer.name}": ${fields.join("; ")}`] : [];
  });
}

const consumerNames = (stored: StoredConfiguration): string[] =>
  stored.consumers.map((consumer) => `consumer "${consumer.name}" would be created`);

function consumerChanges(live: ConsumerInfo, wanted: ConsumerConfig): string[] {
  return describeChanges(withoutServerMetadata(live.config), withoutServerMetadata(wanted));
}

/** The fields in which `wanted` differs from what is there: "max_age: 0 → 3600000000000". Absent fields stay as they are. */
function describeChanges(live: object, wanted: object): string[] {
  const before = live as Record<string, unknown>;
  const after = { ...before, ...wanted } as Record<string, unknown>;
  const text = (value: unknown): string => (value === undefined ? "none" : JSON.stringify(value));
  return changedFields(before, after).map((field) => `${field}: ${text(before[field])} → ${text(after[field])}`);
}

function wishedConfig(
  session: Session,
  config: StreamConfig,
  options: ConfigurationRestoreOptions,
): { config: StreamConfig; changes: string[] } {
  const { api } = session;
  const filtered = filterStreamConfig(config, api.serverVersion);
  const changes = filtered.dropped.map((field) => `${field} is left out: this server does not know it`);
  const wished: Record<string, unknown> = { ...filtered.config };
  applyPlacement(wished, options, changes);
  return { config: wished as StreamConfig, changes };
}

function withoutServerMetadata<T extends { readonly [key: string]: unknown }>(config: T): T {
  const metadata = config.metadata as Record<string, string> | undefined | null;
  if (!metadata) return config;
  const kept = Object.entries(metadata).filter(([key]) => !key.startsWith("_nats."));
  return { ...config, metadata: kept.length > 0 ? Object.fromEntries(kept) : undefined };
}
