import { type LedgerStream, streamKey } from "../ledger.ts";
import type { StreamCounters } from "../picture.ts";
import { spanText } from "../span-text.ts";
import type { Blocker } from "./cluster-plan.ts";
import type { BackupCover } from "./plan-request.ts";
import { serversOfKind, type View } from "./view.ts";

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
  /** Durable consumers that the backup has not, or has further back than they were seen. */
  readonly consumersBehind: readonly ConsumerBehind[];
  /** Covered, with every consumer, by a backup and a baseline that are both young; of what nobody knows the home of, nobody can say. */
  readonly fresh: boolean;
  /** For a person. */
  readonly text: string;
}

export interface ConsumerBehind {
  readonly name: string;
  /** What it was seen to have acknowledged; null: nobody saw. */
  readonly ackFloor: number | null;
  /** What it has acknowledged in the backup; null: the backup has not got it. */
  readonly inBackup: number | null;
}

/**
 * What would be left of a stream. Of a name that two streams had, one after the other, it is about the one that had it last, or about
 * the one that was lost before.
 */
export function coverOf(view: View, account: string, name: string, which: "last" | "lost" = "last"): Cover {
  const { words, thresholds, now } = view.request;
  const key = streamKey(account, name);
  const remembered = view.memory.get(key);
  const history = (which === "last" ? remembered?.anew : null) ?? remembered ?? null;
  const baseline = history?.counters ?? null;
  const countersAt = history?.countersAt ?? null;
  const created = history?.created ?? null;
  const origins = history === remembered ? (remembered?.restoredFrom ?? []) : [];
  const { backup, own } = bestBackup(view, account, name, created === null ? [] : [created, ...origins]);
  const standing = view.standings.get(key);
  const strayedFrom = standing?.strayedFrom ?? [];
  const covered =
    own && strayedFrom.length === 0 && backup !== null && baseline !== null && backup.lastSeq >= baseline.lastSeq;
  const age = (time: string | null): number =>
    time === null ? Number.POSITIVE_INFINITY : Date.parse(now) - Date.parse(time);
  // What nobody knows the home of may have been on any server that is gone.
  const homeless = standing?.kind === "homeless";
  const homes = homeless ? serversOfKind(view, "gone").map((server) => server.name) : (remembered?.servers ?? []);
  const silent = homes.flatMap((server) => {
    const home = view.servers.get(server);
    return home === undefined || home.silentSince === null ? [] : [home.aliveUntil];
  });
  const aliveUntil = silent.sort().at(-1) ?? null;
  // What was published between the last look and the death is in no baseline: nobody may call that covered unasked.
  const baselineYoung =
    countersAt !== null &&
    (aliveUntil === null || Date.parse(aliveUntil) - Date.parse(countersAt) <= thresholds.stuckMs);
  const unseenSince =
    countersAt !== null && !baselineYoung
      ? `; it was last seen on ${countersAt}, up to ${spanText(Date.parse(aliveUntil ?? now) - Date.parse(countersAt))} before its death, ` +
        "and what came in between nobody knows"
      : null;
  const rival = backup === null ? rivalOf(view, account, name) : null;
  const consumersBehind = backup === null || history !== remembered ? [] : behind(remembered, backup);
  return {
    backup,
    baseline,
    covered,
    consumersBehind,
    released: words.released.includes(key) || words.released.includes(`${account}/*`),
    fresh:
      covered &&
      baselineYoung &&
      !homeless &&
      consumersBehind.every(({ inBackup }) => inBackup !== null) &&
      age(backup.takenAt) <= thresholds.freshBackupMs,
    text: rival ?? describe(key, backup, baseline, own ? null : created, strayText(strayedFrom) ?? unseenSince),
  };
}

function behind(remembered: LedgerStream | undefined, { consumers }: BackupCover): readonly ConsumerBehind[] {
  if (consumers === null) return [];
  const saved = new Map(consumers.map(({ name, ackFloor }) => [name, ackFloor]));
  return (remembered?.consumers ?? []).flatMap(({ name, durable, ackFloor }) => {
    const inBackup = saved.get(name) ?? null;
    const whole = inBackup !== null && inBackup >= (ackFloor ?? 0);
    return durable && !whole ? [{ name, ackFloor, inBackup }] : [];
  });
}

/** What was moved, or made anew, since it was last seen may have been written to since. */
function strayText(strayedFrom: readonly string[]): string | null {
  if (strayedFrom.length === 0) return null;
  const has = strayedFrom.length === 1 ? "has" : "have";
  return `; that was on ${strayedFrom.join(", ")}, which ${has} it no more, and what came after that nobody knows`;
}

function describe(
  key: string,
  backup: BackupCover | null,
  baseline: StreamCounters | null,
  created: string | null,
  unseen: string | null,
): string {
  const held = baseline === null ? "nobody knows what it held" : `it held sequences up to ${baseline.lastSeq}`;
  if (backup === null) return `${key}: no proven backup, and ${held}${unseen ?? ""}`;
  const has = `a backup of ${backup.takenAt} ends at ${backup.lastSeq}`;
  if (created !== null) {
    return `${key}: ${has}, and is of another stream of that name, created on ${backup.created}; this one was on ${created}, and ${held}`;
  }
  if (baseline === null) return `${key}: ${has}, and ${held}`;
  const lacks = baseline.lastSeq - backup.lastSeq;
  return `${key}: ${has}, and ${lacks > 0 ? `lacks the last ${lacks} sequences` : held}${unseen ?? ""}`;
}

/**
 * The proven backup that reaches furthest, of the stream itself before those of others that had its name (`own` tells). One that does
 * not say whose it is may be another account's, unless it was created at the same moment.
 */
function bestBackup(
  view: View,
  account: string,
  name: string,
  histories: readonly string[],
): { readonly backup: BackupCover | null; readonly own: boolean } {
  const alone = (view.owners.get(name)?.size ?? 0) <= 1;
  const same = ({ created }: BackupCover): boolean => created !== null && histories.includes(created);
  const mayBe = (backup: BackupCover): boolean =>
    backup.account === account || (backup.account === null && (alone || same(backup)));
  const fitting = view.backups.get(name)?.filter(mayBe) ?? [];
  const own = fitting.find((one) => same(one) || one.created === null || histories.length === 0);
  return own ? { backup: own, own: true } : { backup: fitting[0] ?? null, own: false };
}

/** Why backups of the name do not count, where several accounts have a stream of it; null: there are none. */
function rivalOf(view: View, account: string, name: string): string | null {
  const others = [...(view.owners.get(name) ?? [])].filter((owner) => owner !== account);
  const [unsigned] = (view.backups.get(name) ?? []).filter((one) => one.account === null);
  if (unsigned === undefined || others.length === 0) return null;
  return `${account}/${name}: ${unsigned.path} may be of ${others.map((owner) => `${owner}/${name}`).join(", ")}, as it does not say whose it is`;
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
      `Bring the server back with its disk, or give a backup that reaches that far (--backups); or, if what is missing may be lost, ` +
      `release the stream by its name (--release ACCOUNT/STREAM).${mirror}`,
  };
}
