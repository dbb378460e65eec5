import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RelightError } from "../../errors.ts";
import { editArchive } from "../archive-edit/edit-archive.ts";
import { bucketRules } from "../archive-edit/edit-plan.ts";
import { formatOf } from "../archive-edit/format-of.ts";
import type { OpenedArchive } from "./open-archive.ts";
import { restoreName } from "./plan-config.ts";
import { readBackup, type StoredStream } from "./read-backup.ts";
import type { RestoreTarget, RestoreWishes } from "./restore-plan.ts";

export interface StageOptions {
  readonly wishes: RestoreWishes;
  readonly tool: string;
  readonly signal?: AbortSignal;
}

export interface StagedArchive extends OpenedArchive {
  /** In what it differs from the backup, in words. */
  readonly changes: readonly string[];
}

/**
 * Where a part of a backup is to be restored, its messages renamed, or a v1 archive put into memory, the backup that is
 * restored is an edited one: made in a temporary directory, read back and proven, so that the plan and the proof afterwards
 * go by what it holds. Otherwise the backup as it is. Throws what {@link editArchive} throws.
 */
export async function stageEdit(
  stored: StoredStream,
  target: RestoreTarget,
  options: StageOptions,
): Promise<StagedArchive> {
  const { wishes } = options;
  const original = (wishes.config ?? stored.config)?.name ?? stored.stream;
  const name = restoreName(original, target, wishes);
  const renamesBucket = bucketRules(original, name).length > 0;
  const storage = wishes.storage ?? wishes.config?.storage ?? stored.config?.storage;
  // What goes into memory is sent as v2, or message by message from one.
  const intoMemory = storage === "memory" && formatOf(stored.archive) === "v1";
  const cuts = wishes.cut !== undefined && Object.keys(wishes.cut).length > 0;
  if (!cuts && !renamesBucket && !intoMemory) return { stored, changes: [], [Symbol.asyncDispose]: async () => {} };
  if (wishes.config && renamesBucket) {
    throw new RelightError("USAGE", "a bucket is renamed with its own configuration: leave out --config");
  }
  const directory = await mkdtemp(join(tmpdir(), "relight-edit-"));
  const dispose = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    const edited = join(directory, "edited");
    const { report, notes } = await editArchive(stored, {
      spec: wishes.cut ?? {},
      target: edited,
      tool: options.tool,
      ...(renamesBucket ? { rename: name } : {}),
      ...(intoMemory ? { format: "v2", storage: "memory" } : {}),
      ...(options.signal ? { signal: options.signal } : {}),
    });
    const [made] = await readBackup(edited);
    if (!made) throw new RelightError("INTERNAL", "the edited backup cannot be read");
    // The path is for people, and safety backups go beside it.
    const left = report.sourceMessages - report.messages;
    const changes = [
      ...(renamesBucket ? [`the name is ${name}, it was ${original}`] : []),
      ...(left > 0 ? [`${left} of ${report.sourceMessages} messages are left out, as was asked for`] : []),
      ...notes,
    ];
    return { stored: { ...made, path: stored.path }, changes, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
