import type { ClusterPlan } from "../../cluster/plan/cluster-plan.ts";
import { coverOf } from "../../cluster/plan/cover.ts";
import type { BackupCover } from "../../cluster/plan/plan-request.ts";
import type { View } from "../../cluster/plan/view.ts";
import { isRelightError, RelightError } from "../../errors.ts";
import { proveArchive } from "../stream-restore/prove-archive.ts";
import { readBackup } from "../stream-restore/read-backup.ts";

/** The backups without which a plan would not dare what it dares: those it restores from, and those that stand in for lost replicas. Pure. */
export function reliedOn({ steps }: ClusterPlan, view: View): readonly BackupCover[] {
  const restored = new Set(steps.map((step) => step.arguments.backup));
  const standIns = view.streams
    .filter(({ kind }) => kind === "lost" || kind === "homeless" || kind === "below-quorum" || kind === "leaderless")
    .map(({ account, name }) => coverOf(view, account, name).backup);
  return view.request.backups.filter((one) => restored.has(one.path) || standIns.includes(one));
}

export interface SpoiledBackup {
  readonly cover: BackupCover;
  readonly error: RelightError;
}

/**
 * Reads these backups' archives, and returns those that are not any more what they were when they were proven. A backup that can be
 * listed may be rotten, and the only other copy of a stream is on the disk that a removal gives up.
 * Throws CANCELLED.
 */
export async function spoiledBackups(
  covers: readonly BackupCover[],
  signal: AbortSignal | undefined,
): Promise<readonly SpoiledBackup[]> {
  const spoiled: SpoiledBackup[] = [];
  for (const cover of covers) {
    try {
      const stored = (await readBackup(cover.path)).filter(({ stream }) => stream === cover.stream);
      if (stored.length === 0)
        throw new RelightError("BACKUP_NOT_FOUND", `${cover.path} holds no backup of ${cover.stream} any more`);
      for (const one of stored) await proveArchive(one, signal ? { signal } : {});
    } catch (error) {
      if (signal?.aborted || !isRelightError(error)) throw error;
      spoiled.push({ cover, error });
    }
  }
  return spoiled;
}
