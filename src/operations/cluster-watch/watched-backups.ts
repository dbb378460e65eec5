import type { Sample } from "../../cluster/picture.ts";
import type { BackupCover } from "../../cluster/plan/plan-request.ts";
import { asRelightError } from "../../errors.ts";
import { coversOfCluster } from "../cluster-recovery/covers-of-cluster.ts";
import { type BackupCovers, readBackupCovers } from "../cluster-recovery/read-backup-covers.ts";

/** How old what was read may be while it matters, in ms: backups are made anew while a watch runs. */
const youngMs = 30_000;

/** The backups that a watch may count on. While something is wrong they are read again. */
export class WatchedBackups {
  readonly paths: readonly string[];
  /** Something is wrong that a backup may be the cure of. */
  wanted = false;
  readonly #onTrouble: (text: string, hint: string) => void;
  #found: BackupCovers = { covers: [], refused: [] };
  #readAt = 0;

  /** `onTrouble` is told of what cannot be read, or counts as none, at every reading. */
  constructor(paths: readonly string[], onTrouble: (text: string, hint: string) => void) {
    this.paths = paths;
    this.#onTrouble = onTrouble;
  }

  /** Reads them for the first time. Throws BACKUP_NOT_FOUND, BACKUP_INVALID, ARCHIVE_DAMAGED, FILE_SYSTEM. */
  async open(): Promise<void> {
    this.#found = await readBackupCovers(this.paths);
    this.#readAt = Date.now();
  }

  /** Those of this cluster. What cannot be read now counts as none. */
  async covers(sample: Sample): Promise<readonly BackupCover[]> {
    if (this.wanted && Date.now() - this.#readAt > youngMs) {
      try {
        await this.open();
      } catch (error) {
        this.#found = { covers: [], refused: [] };
        this.#readAt = Date.now();
        const { message, hint } = asRelightError(error);
        this.#onTrouble(message, hint);
      }
    }
    const { covers, refused } = coversOfCluster(this.#found, sample);
    for (const text of refused) {
      this.#onTrouble(`not counted as a backup: ${text}`, "Make one with: relight account backup.");
    }
    return covers;
  }
}
