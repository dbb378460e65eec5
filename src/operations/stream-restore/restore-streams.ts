import { basename, dirname, join, resolve } from "node:path";
import { asRelightError, isRelightError, RelightError } from "../../errors.ts";
import { isNear } from "../../jetstream/is-near.ts";
import { defaultInFlight } from "../../jetstream/restore.ts";
import type { Session } from "../../jetstream/session.ts";
import type { ConvertedArchive } from "../archive-convert/converted-archive.ts";
import { convertOnTheWay } from "./convert-on-the-way.ts";
import { type ExecutedRestore, executeRestore } from "./execute-restore.ts";
import { observeTarget } from "./observe-target.ts";
import { openArchive } from "./open-archive.ts";
import { type ForeseenRestore, type PreparedRestore, prepareRestore } from "./prepare-restore.ts";
import type { StoredStream } from "./read-backup.ts";
import { replaceCopies } from "./replace-copies.ts";
import { replicaPatience } from "./replicas-behind.ts";
import type { StreamRestoreEvent } from "./restore-events.ts";
import { restoreOrder } from "./restore-order.ts";
import type { RestorePlan, RestoreTarget, RestoreWishes } from "./restore-plan.ts";
import { refusal } from "./restore-refusal.ts";
import { stageEdit } from "./stage-edit.ts";
import { StandingOrigins } from "./standing-origins.ts";

export interface RestoreStreamsOptions {
  readonly stored: readonly StoredStream[];
  readonly wishes: RestoreWishes;
  /** Prove and plan only. */
  readonly dryRun?: boolean;
  readonly chunkSize?: number;
  readonly inFlight?: number;
  /** Where safety backups go; beside the backup where this is not given. */
  readonly safetyDirectory?: string;
  /**
   * Of streams that are restored together, but by several calls: one map for all of them, empty at first. It says to what is
   * restored which origins hold again what they held, and up to which sequence. Default: one of this call's own.
   */
  readonly restored?: Map<string, number>;
  /** The account as it was seen a moment ago. Default: it is looked at now. */
  readonly target?: RestoreTarget | undefined;
  readonly tool: string;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: StreamRestoreEvent) => void;
  /** Called as soon as one stream's fate is known. */
  readonly onResult?: (result: StreamRestoreResult) => void;
}

export type StreamRestoreResult =
  | { readonly stream: string; readonly status: "restored"; readonly plan: RestorePlan; readonly done: ExecutedRestore }
  | { readonly stream: string; readonly status: "skipped"; readonly plan: RestorePlan }
  | { readonly stream: string; readonly status: "planned"; readonly plan: RestorePlan }
  | {
      readonly stream: string;
      readonly status: "failed" | "refused";
      readonly plan?: RestorePlan;
      readonly error: RelightError;
    };

/**
 * Restores streams, each with a result of its own; a failure does not stop the others, a cancellation does. All archives
 * are proven and all restores planned before the first byte is sent.
 */
export async function restoreStreams(session: Session, options: RestoreStreamsOptions): Promise<StreamRestoreResult[]> {
  const results: StreamRestoreResult[] = [];
  const settle = (result: StreamRestoreResult): void => {
    results.push(result);
    options.onResult?.(result);
  };
  const target = options.target ?? (await observeTarget(session));
  const alone = options.stored.length === 1 && !options.dryRun;
  const local = alone && (await isNear(session));
  const standing = new StandingOrigins(options.restored);
  const { restored } = standing;
  const prepared: PreparedRestore[] = [];
  await using opened = new AsyncDisposableStack();
  for (const stored of options.stored) {
    try {
      const archive = opened.use(await openArchive(stored));
      const staged = opened.use(await stageEdit(archive.stored, target, options));
      // Of several, each would wait with its memory full until the last one is proven.
      const begin = (foreseen: ForeseenRestore): ConvertedArchive | undefined => {
        if (foreseen.plan.action !== "create") return undefined;
        const { inFlight = defaultInFlight } = options;
        const converted = convertOnTheWay(session, foreseen, { inFlight, local, restored });
        if (converted) opened.defer(() => converted.close());
        return converted;
      };
      const { changes } = staged;
      prepared.push(await prepareRestore(staged.stored, target, { ...options, changes, ...(alone ? { begin } : {}) }));
    } catch (error) {
      const failure = known(error, options.signal);
      if (failure.code === "CANCELLED") throw failure;
      settle({ stream: stored.stream || basename(stored.path), status: "failed", error: failure });
    }
  }
  const ordered = restoreOrder(prepared);
  for (const { plan } of options.dryRun ? [] : ordered) {
    // As the backup has it: an origin that is back may take new messages at once, and those are still to be copied.
    if (plan.action === "create" || plan.action === "replace") standing.willStand({ plan });
  }
  let cancelled = false;
  const failed = ({ plan }: PreparedRestore, error: unknown): void => {
    const failure = known(error, options.signal);
    cancelled ||= failure.code === "CANCELLED";
    settle({ stream: plan.stream, status: "failed", plan, error: failure });
  };
  const patience = replicaPatience();
  const notReplaced = new Set<PreparedRestore>();
  const replaced = await replaceCopies(session, options.dryRun ? [] : ordered, target, {
    safetyDirectory: (item) => safetyPath(item, options),
    tool: options.tool,
    ...(options.signal ? { signal: options.signal } : {}),
    ...(options.onEvent ? { onEvent: options.onEvent } : {}),
    onFailure: (item, error) => {
      notReplaced.add(item);
      standing.failed(item, undefined);
      failed(item, error);
    },
  });
  for (const item of ordered) {
    const { plan } = item;
    const { stream } = plan;
    if (notReplaced.has(item)) continue;
    if (options.signal?.aborted) {
      // What was to come is left as it was, and nothing said of it where one has said why.
      const error = new RelightError("CANCELLED", "the restore was cancelled");
      const before = replaced.get(stream);
      if (before) failed(item, await before.putBack(error, standing));
      else if (!cancelled) failed(item, error);
      continue;
    }
    if (plan.action === "skip") settle({ stream, status: "skipped", plan });
    else if (plan.action === "refuse") settle({ stream, status: "refused", plan, error: refusal(item) });
    else if (options.dryRun) settle({ stream, status: "planned", plan });
    else {
      try {
        const safetyDirectory = safetyPath(item, options);
        const done = await executeRestore(session, item, {
          ...options,
          safetyDirectory,
          restored,
          patience,
          standing,
          replaced: replaced.get(stream),
        });
        settle({ stream, status: "restored", plan, done });
      } catch (error) {
        failed(item, error);
      }
    }
  }
  return results;
}

function safetyPath({ stored, plan }: PreparedRestore, options: RestoreStreamsOptions): string {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const parent = options.safetyDirectory ?? dirname(resolve(stored.path));
  return join(parent, `${plan.stream}.before-restore-${time}`);
}

function known(error: unknown, signal: AbortSignal | undefined): RelightError {
  if (signal?.aborted && !isRelightError(error)) {
    return new RelightError("CANCELLED", "the restore was cancelled", { cause: error });
  }
  return asRelightError(error);
}
