import { streamKey } from "../ledger.ts";
import type { StreamCounters } from "../picture.ts";
import type { Blocker } from "./cluster-plan.ts";
import type { BackupCover } from "./plan-request.ts";
import type { View } from "./view.ts";

/** Whether the operator can bear to lose every replica of a stream. */
export interface Cover {
  /** The best proven backup; null: there is none. */
  readonly backup: BackupCover | null;
  /** What is known to have been in it; null: the ledger has never seen it. */
  readonly baseline: StreamCounters | null;
  /** The backup holds all that the ledger knows of. */
  readonly covered: boolean;
  /** The operator named it. */
  readonly released: boolean;
  /** Covered, by a backup and a baseline that are both young. */
  readonly fresh: boolean;
  /** For a person. */
  readonly text: string;
}

export function coverOf(view: View, account: string, name: string): Cover {
  const { words, thresholds, now } = view.request;
  const remembered = view.memory.get(streamKey(account, name));
  const baseline = remembered?.counters ?? null;
  const backup = bestBackup(view, account, name);
  const covered = backup !== null && baseline !== null && backup.lastSeq >= baseline.lastSeq;
  const age = (time: string | null | undefined): number =>
    time == null ? Number.POSITIVE_INFINITY : Date.parse(now) - Date.parse(time);
  const silent = remembered?.servers.map((server) => view.servers.get(server)?.silentSince).filter((at) => at != null);
  const lastHeard = silent?.sort().at(-1) ?? null;
  // What was published between the last look and the death is in no baseline: nobody may call that covered unasked.
  const baselineYoung =
    remembered?.countersAt != null &&
    (lastHeard === null || Date.parse(lastHeard) - Date.parse(remembered.countersAt) <= thresholds.stuckMs);
  return {
    backup,
    baseline,
    covered,
    released: words.released.includes(`${account}/${name}`) || words.released.includes(`${account}/*`),
    fresh: covered && baselineYoung && age(backup.takenAt) <= thresholds.freshBackupMs,
    text: describe(`${account}/${name}`, backup, baseline),
  };
}

function describe(key: string, backup: BackupCover | null, baseline: StreamCounters | null): string {
  const held = baseline === null ? "nobody knows what it held" : `it held sequences up to ${baseline.lastSeq}`;
  if (backup === null) return `${key}: no proven backup, and ${held}`;
  const has = `a backup of ${backup.takenAt} ends at ${backup.lastSeq}`;
  if (baseline === null) return `${key}: ${has}, and ${held}`;
  const lacks = baseline.lastSeq - backup.lastSeq;
  return lacks > 0 ? `${key}: ${has}, and lacks the last ${lacks} sequences` : `${key}: ${has}, and ${held}`;
}

/** The proven backup that reaches furthest; one that does not say whose it is may be another account's. */
function bestBackup(view: View, account: string, name: string): BackupCover | null {
  const alone = (view.owners.get(name)?.size ?? 0) <= 1;
  const fits = (backup: BackupCover): boolean => backup.account === account || (backup.account === null && alone);
  return view.backups.get(name)?.find(fits) ?? null;
}

/** Why a stream may not lose its last replica yet; null: it may. */
export function lossBlocker(view: View, account: string, name: string): Blocker | null {
  const cover = coverOf(view, account, name);
  if (cover.covered || cover.released) return null;
  const copies = (view.copies.get(streamKey(account, name)) ?? []).map(({ key }) => key);
  const mirror =
    copies.length > 0 ? ` ${copies.join(", ")} copies from it and may be the best backup: take one of it.` : "";
  return {
    code: "r1-uncovered",
    text: `every replica would be lost: ${cover.text}`,
    cure:
      "Bring the server back with its disk, or give a backup that reaches that far, or release the stream by its name " +
      `if what is missing may be lost.${mirror}`,
  };
}
