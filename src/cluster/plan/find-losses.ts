import { type LedgerStream, streamKey } from "../ledger.ts";
import { isSeen } from "../unseen.ts";
import type { Blocker, PlanStep } from "./cluster-plan.ts";
import { makeStep, verifications } from "./make-step.ts";
import type { StreamStanding } from "./stream-standing.ts";
import type { View } from "./view.ts";

/** A stream to be restored. */
export interface Loss {
  readonly account: string;
  readonly name: string;
  readonly key: string;
  readonly standing: StreamStanding | null;
  readonly why: string;
  readonly blockers: readonly Blocker[];
  /** Something of that name has to be deleted first: the dead one, or the empty one that took its place. */
  readonly stub: boolean;
  /** What was lost is not what has the name now, but what had it before. */
  readonly anew?: boolean;
  /** A restore of it was cut off: what has to be waited for first, if anything; what is there is no more than the backup has. */
  readonly cutOff?: { readonly wait: PlanStep | null };
}

/** Streams that no replica holds any more, that were made anew without what they held, or that a restore was cut off of. */
export function findLosses(view: View): readonly Loss[] {
  const losses = new Map<string, Loss>();
  const { standings } = view;
  const everyServer = [...view.servers.keys()];
  for (const known of view.memory.values()) {
    const loss = cutOffLoss(view, known, standings.get(streamKey(known.account, known.name)) ?? null);
    if (loss !== null) losses.set(loss.key, loss);
  }
  for (const stream of view.streams) {
    const { account, name, key, group } = stream;
    if (losses.has(key)) continue;
    if (isGivenUp(view, stream)) {
      const home = view.memory.get(key)?.servers.join(", ");
      const why = `every replica of ${key} was on ${home}, which was removed, and what takes its place is empty`;
      losses.set(key, { account, name, key, standing: stream, why, blockers: [], stub: true });
    }
    if (stream.kind !== "lost" && stream.kind !== "homeless") continue;
    const home = group ?? everyServer;
    if (home.some((server) => mayReturn(view, server))) continue;
    // What nobody knows the home of is lost only where a server is gone that may have been it.
    if (group === null && !everyServer.some((server) => view.servers.get(server)?.kind === "gone")) continue;
    const where = group === null ? "a server that is gone, as none that answers has it" : group.join(", ");
    const why = `every replica of ${key} was on ${where}`;
    losses.set(key, { account, name, key, standing: stream, why, blockers: [], stub: true });
  }
  for (const { kind, account, stream: name, text, certain } of view.regressions) {
    const key = streamKey(account, name);
    if (kind === "consumer-reset" || !certain || losses.has(key)) continue;
    const standing = standings.get(key) ?? null;
    const home = view.memory.get(key)?.servers ?? [];
    const silent = home.filter((server) => mayReturn(view, server));
    const blockers: Blocker[] = [];
    const block = (code: string, reason: string, cure: string): void => {
      blockers.push({ code, text: reason, cure });
    };
    if (silent.length > 0) {
      block(
        "may-come-back",
        `${silent.join(", ")} may have its copy`,
        "Start it with its disk first, or say that it is gone.",
      );
    }
    const messages = standing?.state?.messages ?? 0;
    // Relight's own deletion is as good as a word, but not for what came under the name since.
    const named = isNamed(view, key) && (messages === 0 || view.request.words.restore.includes(key));
    if (kind !== "emptied" && !named) {
      block(
        "on-purpose",
        `${text}: by a person, or lost?`,
        "Name it to be restored; or accept what is there, where a person meant it or has restored it by hand.",
      );
    }
    if (kind !== "vanished" && messages > 0 && !named) {
      block("written-since", `${key} has messages that came since`, "Back it up, and name it to be restored.");
    }
    losses.set(key, {
      account,
      name,
      key,
      standing,
      why: text,
      blockers,
      stub: kind !== "vanished",
      anew: kind === "recreated" && (standing?.state?.lastSeq ?? 0) > 0,
    });
  }
  for (const loss of namedStrangers(view)) if (!losses.has(loss.key)) losses.set(loss.key, loss);
  return [...losses.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Streams that the operator names, and that neither the cluster nor the ledger knows: they were there before either. */
function namedStrangers(view: View): readonly Loss[] {
  const { words, picture } = view.request;
  return picture.later.accounts.flatMap(({ name: account, inventory, streams }) => {
    if (!isSeen(inventory)) return [];
    const known = new Set(streams.map(({ name }) => streamKey(account, name)));
    const named = words.restore.filter((key) => key.startsWith(`${account}/`));
    const strangers = named.filter((key) => !known.has(key) && !view.memory.has(key));
    return strangers.map((key): Loss => {
      const name = key.slice(account.length + 1);
      const why = `${key} is named to be restored, and nobody remembers it`;
      return { account, name, key, standing: null, why, blockers: [], stub: false };
    });
  });
}

/**
 * Relight removed every server that had it, and no living one holds anything: what the cluster makes under the name is empty, and need
 * not be waited for. Once it is led it is a regression.
 */
function isGivenUp(view: View, { key, leader, seen }: StreamStanding): boolean {
  const known = view.memory.get(key);
  if (leader !== null || seen === null || !isSeen(seen.replicas) || (known?.counters?.lastSeq ?? 0) === 0) return false;
  const home = known?.servers ?? [];
  const removed = home.length > 0 && home.every((server) => view.servers.get(server)?.removedAt != null);
  return removed && seen.replicas.every(({ state }) => state.lastSeq === 0);
}

/**
 * A server goes on with a restore that was cut off for some seconds before it gives it up, and up to 2.14 it then deletes whatever has
 * the name, also what was restored anew meanwhile: seen on 2.10, 5 s after the last byte came. Three times that, in ms.
 */
const abandonedRestoreMs = 15_000;

/** A stream that a run of Relight was restoring when it was cut off, as the ledger has it; null: it is none. */
function cutOffLoss(view: View, known: LedgerStream, standing: StreamStanding | null): Loss | null {
  const { account, name, restoringAt } = known;
  if (restoringAt == null) return null;
  const key = streamKey(account, name);
  const until = new Date(Date.parse(restoringAt) + abandonedRestoreMs).toISOString();
  const why = `a restore of ${key} was cut off on ${restoringAt}`;
  const wait = makeStep({
    kind: "wait",
    id: `restore:${key}`,
    target: { account, stream: name },
    why: `${why}; the server may still be at it, and delete what is made meanwhile`,
    verify: verifications.streamGone,
    safe: true,
    until,
  });
  const cutOff = { wait: until > view.request.now ? wait : null };
  return { account, name, key, standing, why, blockers: [], stub: true, cutOff };
}

/** The operator wants it restored, or it is Relight's doing that it is not there: no riddle. */
export function isNamed(view: View, key: string): boolean {
  return view.request.words.restore.includes(key) || isOwnDoing(view, key);
}

/** Relight deleted it, or removed the last server that had it. */
export function isOwnDoing(view: View, key: string): boolean {
  const known = view.memory.get(key);
  return known?.deletedAt != null || wentWithItsHome(view, known);
}

/** Between the look before a removal and the end of the one that verified it, in ms. */
const removalMs = 60_000;

/** It was there right until Relight removed the last server that had it: a restored one is then listed, and not found. */
function wentWithItsHome(view: View, known: LedgerStream | undefined): boolean {
  if (known === undefined || known.servers.length === 0) return false;
  const removals = known.servers.map((server) => view.servers.get(server)?.removedAt ?? null);
  if (removals.includes(null)) return false;
  const last = removals.sort().at(-1) ?? known.seenAt;
  return Math.abs(Date.parse(last) - Date.parse(known.seenAt)) <= removalMs;
}

function mayReturn(view: View, server: string): boolean {
  const standing = view.servers.get(server);
  if (standing === undefined || standing.removedAt !== null) return false;
  return (
    standing.kind === "silent" ||
    standing.kind === "contradicted" ||
    standing.kind === "starting" ||
    // One that is no member never had JetStream.
    (standing.kind === "disabled" && standing.member)
  );
}
