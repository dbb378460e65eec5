import { streamKey } from "../ledger.ts";
import { isSeen } from "../unseen.ts";
import type { Blocker, PlanStep } from "./cluster-plan.ts";
import { type Cover, coverOf } from "./cover.ts";
import { condition, makeStep, verifications } from "./make-step.ts";
import { backUpStep } from "./plan-back-up.ts";
import { scaleUpStep } from "./plan-scale-ups.ts";
import type { Spares } from "./plan-spares.ts";
import { ask } from "./simple-steps.ts";
import type { StreamStanding } from "./stream-standing.ts";
import type { View } from "./view.ts";

interface Loss {
  readonly account: string;
  readonly name: string;
  readonly key: string;
  readonly standing: StreamStanding | null;
  readonly why: string;
  readonly blockers: readonly Blocker[];
  /** Something of that name has to be deleted first: the dead one, or the empty one that took its place. */
  readonly stub: boolean;
}

/**
 * Streams that no replica holds any more: what is left under the name is deleted, and the backup restored in its place. After
 * all removals, because the dead still count against the account (up to 2.14.6), and because a removal may put an empty one there.
 * A deletion is the point of no return: a server that came back with the old disk would delete its copy then.
 */
export function planLosses(view: View, spares: Spares, before: readonly string[]): readonly PlanStep[] {
  const steps: PlanStep[] = [];
  const losses = findLosses(view);
  const census = censusStep(view);
  if (census !== null) steps.push(census);
  for (const loss of losses) {
    const { account, name, key } = loss;
    const cover = coverOf(view, account, name);
    const target = { account, stream: name };
    const copies = view.copies.get(key) ?? [];
    if (cover.backup === null) {
      const blocked = cover.released
        ? []
        : [
            ask(
              `lost:${key}`,
              loss.why,
              "Bring back a disk that has it, give a backup, or release it by its name.",
              target,
              [cover.text],
            ),
          ];
      steps.push(...blocked);
      continue;
    }
    const after = [...before, ...(census === null ? [] : [census.id])];
    for (const copy of copies) {
      const step = backUpStep(view, copy, `it copies from ${key}, and may mix two histories once that begins again`);
      if (step !== null && !steps.some(({ id }) => id === step.id)) steps.push(step);
      if (step !== null) after.push(step.id);
    }
    const blockers = [...loss.blockers, ...lackBlockers(cover, key)];
    const { fresh } = cover;
    if (loss.stub) {
      const stub = makeStep({
        kind: "delete-stub",
        id: key,
        target,
        why: `${loss.why}; what is left under the name has to go before it can be restored`,
        risk: "the point of no return: a server that comes back with the old disk deletes its copy",
        precondition: [
          condition("one-meta-leader", "one server leads the meta group"),
          condition("stub-empty", `${key} does not answer, or holds no message`),
          condition("r1-covered", cover.text),
        ],
        after,
        verify: verifications.streamGone,
        blockers,
        safe: fresh,
        evidence: [cover.text],
      });
      steps.push(stub);
      after.push(stub.id);
    }
    if (loss.standing !== null) after.push(...spares.before(loss.standing, [], 1, false));
    const wanted = loss.standing?.wanted ?? view.memory.get(key)?.replicas ?? 1;
    const restore = makeStep({
      kind: "restore",
      id: key,
      target,
      why:
        wanted > 1
          ? `${loss.why}; with one replica first, since large restores to several are known to fail`
          : loss.why,
      risk: "what was published after the backup is not in it",
      precondition: [
        condition("one-meta-leader", "one server leads the meta group"),
        condition("candidates", "a living server can take it"),
      ],
      after,
      verify: verifications.contentEqual,
      undo: "delete it",
      blockers,
      safe: fresh,
      evidence: [cover.text],
      arguments: { backup: cover.backup.path, lastSeq: cover.backup.lastSeq, replicas: wanted > 1 ? 1 : null },
    });
    steps.push(restore);
    if (wanted > 1) {
      const room = loss.standing === null ? [] : spares.before(loss.standing, [], wanted, false);
      steps.push(scaleUpStep({ key, target, wanted, after: [restore.id, ...room], safe: fresh }));
    }
    for (const copy of copies) {
      steps.push(
        ask(
          `flow:${copy.key}`,
          `${copy.key} copies from ${key}: after a restore its lag proves nothing`,
          `Compare its last sequence with the origin's; if it does not follow, restore it from its own backup or create it anew.`,
          { account: copy.account, stream: copy.name },
        ),
      );
    }
  }
  return steps;
}

/**
 * Half of all streams gone or new at once is no work of a person: an empty server came up first, a store is on the wrong volume, or
 * servers deleted what they no longer knew of. What is on the other disks may be deleted next.
 */
function censusStep(view: View): PlanStep | null {
  const lost = view.regressions.filter(({ kind, certain }) => certain && (kind === "vanished" || kind === "recreated"));
  // Whoever names every one of them has seen it, and what Relight deleted itself is no riddle.
  if (lost.every(({ account, stream }) => isNamed(view, streamKey(account, stream)))) return null;
  if (lost.length < 2 || lost.length * 2 < view.request.ledger.streams.length) return null;
  return ask(
    "census",
    `${lost.length} of ${view.request.ledger.streams.length} streams are gone or were created anew`,
    "Stop the servers before they delete more, copy every store directory away, see that each has the right volume, and start those " +
      "with the old disks first. Keep every backup. Restore only what is still missing then.",
    {},
    lost.map(({ text }) => text),
  );
}

function findLosses(view: View): readonly Loss[] {
  const losses = new Map<string, Loss>();
  const standings = new Map(view.streams.map((stream) => [stream.key, stream]));
  const everyServer = [...view.servers.keys()];
  for (const stream of view.streams) {
    const { account, name, key, group } = stream;
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
      block("on-purpose", `${text}: by a person, or lost?`, "Name it to be restored, or accept what is there.");
    }
    if (kind !== "vanished" && messages > 0 && !named) {
      block("written-since", `${key} has messages that came since`, "Back it up, and name it to be restored.");
    }
    losses.set(key, { account, name, key, standing, why: text, blockers, stub: kind !== "vanished" });
  }
  return [...losses.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
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

function lackBlockers(cover: Cover, key: string): readonly Blocker[] {
  if (cover.covered || cover.released) return [];
  return [
    {
      code: "r1-uncovered",
      text: cover.text,
      cure: `Give a backup that reaches further, or release ${key} if what is missing may be lost.`,
    },
  ];
}

/** The operator wants it restored, or Relight has deleted what was left of it to do so. */
function isNamed(view: View, key: string): boolean {
  return view.request.words.restore.includes(key) || view.memory.get(key)?.deletedAt != null;
}

function mayReturn(view: View, server: string): boolean {
  const standing = view.servers.get(server);
  if (standing === undefined || standing.removedAt !== null) return false;
  return (
    standing.kind === "silent" ||
    standing.kind === "contradicted" ||
    standing.kind === "starting" ||
    standing.kind === "disabled"
  );
}
