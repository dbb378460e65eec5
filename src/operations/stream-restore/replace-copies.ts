import type { Session } from "../../jetstream/session.ts";
import type { PreparedRestore } from "./prepare-restore.ts";
import { type ReplacedStream, replaceStream } from "./replace-stream.ts";
import type { StreamRestoreEvent } from "./restore-events.ts";
import { originNames } from "./restore-order.ts";
import type { RestoreTarget } from "./restore-plan.ts";

export interface ReplaceCopiesOptions {
  /** Where the safety backup of one goes. */
  readonly safetyDirectory: (item: PreparedRestore) => string;
  readonly tool: string;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: StreamRestoreEvent) => void;
  /** One could not be replaced; it is as it was. */
  readonly onFailure: (item: PreparedRestore, error: unknown) => void;
}

/**
 * Backs up for safety, and deletes, the streams that copy from others which are replaced as well, before the first of those is
 * touched: a stream that finds its origin new may copy everything again, and where it has limits that pushes out what only it holds.
 * `ordered`: origins first. Returns what was replaced, by name; the first failure of a cancelled run is the last.
 */
export async function replaceCopies(
  session: Session,
  ordered: readonly PreparedRestore[],
  { streams }: RestoreTarget,
  { safetyDirectory, onFailure, ...options }: ReplaceCopiesOptions,
): Promise<Map<string, ReplacedStream>> {
  const replacing = new Set(ordered.filter(({ plan }) => plan.action === "replace").map(({ plan }) => plan.stream));
  const replaced = new Map<string, ReplacedStream>();
  for (const item of [...ordered].reverse()) {
    const { stream } = item.plan;
    const live = streams.find(({ config }) => config.name === stream);
    if (!live || !replacing.has(stream) || !originNames(live.config).some((name) => replacing.has(name))) continue;
    try {
      replaced.set(stream, await replaceStream(session, stream, { ...options, directory: safetyDirectory(item) }));
    } catch (error) {
      onFailure(item, error);
      if (options.signal?.aborted) break;
    }
  }
  return replaced;
}
