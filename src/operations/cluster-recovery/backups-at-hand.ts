import type { Sample } from "../../cluster/picture.ts";
import type { ClusterPlan } from "../../cluster/plan/cluster-plan.ts";
import type { BackupCover, PlanRequest } from "../../cluster/plan/plan-request.ts";
import { viewOf } from "../../cluster/plan/view.ts";
import { coversOfCluster } from "./covers-of-cluster.ts";
import type { BackupCovers } from "./read-backup-covers.ts";
import type { LeftOver } from "./recovery-request.ts";
import { reliedOn, spoiledBackups } from "./spoiled-backups.ts";

/** The backups that a run may restore from: those of this cluster, those that it made, less those that turned out to be none. */
export class BackupsAtHand {
  readonly #found: BackupCovers;
  #covers: readonly BackupCover[] | null = null;
  /** Those whose archives were read. */
  readonly #read = new Set<BackupCover>();

  constructor(found: BackupCovers) {
    this.#found = found;
  }

  /** `sample` tells which cluster it is. */
  covers(sample: Sample): readonly BackupCover[] {
    this.#covers ??= coversOfCluster(this.#found, sample).covers;
    return this.#covers;
  }

  add(covers: readonly BackupCover[]): void {
    this.#covers = [...(this.#covers ?? []), ...covers];
  }

  /**
   * Reads each backup that a plan relies on, once: before the first step without a way back. Returns those that are none, which are
   * dropped: a new plan has to be made then. Throws CANCELLED.
   */
  async dropSpoiled(
    plan: ClusterPlan,
    planned: PlanRequest,
    signal: AbortSignal | undefined,
  ): Promise<readonly LeftOver[]> {
    const unread = reliedOn(plan, viewOf(planned)).filter((cover) => !this.#read.has(cover));
    const spoiled = await spoiledBackups(unread, signal);
    for (const cover of unread) this.#read.add(cover);
    this.#covers = (this.#covers ?? []).filter((one) => !spoiled.some(({ cover }) => cover === one));
    return spoiled.map(({ cover, error }) => ({
      step: `backup:${cover.path}`,
      text: `not counted as a backup: ${error.message}`,
      cure: error.hint,
    }));
  }
}
