import { isRelightError } from "../../errors.ts";
import type { Session } from "../../jetstream/session.ts";
import type { StoredStream } from "../stream-restore/read-backup.ts";
import { type ConfigurationRestoreResult, restoreConfiguration } from "./restore-configuration.ts";

/**
 * Edits the configuration of those streams that exist, so that it matches their backups of the directories layout, and
 * leaves their messages alone. Streams that do not exist have no result.
 */
export async function updateExisting(
  session: Session,
  streams: readonly StoredStream[],
  dryRun: boolean,
): Promise<ConfigurationRestoreResult[]> {
  const results: ConfigurationRestoreResult[] = [];
  for (const { stream, config, manifest } of streams) {
    if (!config) continue;
    try {
      if (!(await session.api.findStream(stream))) continue;
    } catch (error) {
      if (!isRelightError(error)) throw error;
      results.push({ stream, status: "failed", changes: [], error });
      continue;
    }
    const consumers = (manifest?.consumers ?? [])
      .filter((consumer) => consumer.config.durable_name)
      .map((consumer) => ({ name: consumer.name, config: consumer.config }));
    const stored = { stream, config, consumers, data: undefined };
    results.push(
      ...(await restoreConfiguration(session, { streams: [stored], updateStreams: true, dryRun, tool: "" })),
    );
  }
  return results;
}
