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
  const { ledger, words, thresholds, now } = view.request;
  const remembered = ledger.streams.find((stream) => stream.account === account && stream.name === name);
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

/** The proven backup that reaches furthest. */
function bestBackup(view: View, account: string, name: string): BackupCover | null {
  const { backups, ledger, picture } = view.request;
  const accounts = new Set([
    ...ledger.streams.filter((stream) => stream.name === name).map((stream) => stream.account),
    ...picture.later.accounts
      .filter(({ streams }) => streams.some((stream) => stream.name === name))
      .map((one) => one.name),
  ]);
  // One that does not say whose it is may be another account's.
  const fits = (backup: BackupCover): boolean =>
    backup.stream === name && (backup.account === account || (backup.account === null && accounts.size <= 1));
  return (
    backups
      .filter((backup) => backup.proven && fits(backup))
      .sort((a, b) => b.lastSeq - a.lastSeq || (a.takenAt < b.takenAt ? 1 : -1))[0] ?? null
  );
}

/** Why a stream may not lose its last replica yet; null: it may. */
export function lossBlocker(view: View, account: string, name: string): Blocker | null {
  const cover = coverOf(view, account, name);
  if (cover.covered || cover.released) return null;
  const copies = view.streams
    .filter(
      (stream) => stream.account === account && originsOf(view, stream.key).includes(name) && stream.leader !== null,
    )
    .map(({ key }) => key);
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

/** Streams of the same account that a stream mirrors or sources. */
export function originsOf(view: View, key: string): readonly string[] {
  const stream = view.streams.find((one) => one.key === key);
  const settings = stream?.settings;
  if (settings == null) return stream?.remembered?.origins ?? [];
  return [...(settings.mirror ? [settings.mirror] : []), ...settings.sources]
    .filter(({ external }) => external === null)
    .map(({ name }) => name);
}
