import { originsFirst } from "../../jetstream/origins-first.ts";
import { streamKey } from "../ledger.ts";
import type { PlanStep } from "./cluster-plan.ts";
import type { Cover } from "./cover.ts";
import { findLosses, isNamed, isOwnDoing, type Loss } from "./find-losses.ts";
import { Hanging, isCertain } from "./hanging-losses.ts";
import { blockersOf, coverOfLoss, placed } from "./loss-cover.ts";
import { condition, makeStep, verifications } from "./make-step.ts";
import { backUpStep } from "./plan-back-up.ts";
import { scaleUpStep } from "./plan-scale-ups.ts";
import type { Spares } from "./plan-spares.ts";
import { ask } from "./simple-steps.ts";
import type { StreamStanding } from "./stream-standing.ts";
import { originsOf, type View } from "./view.ts";

/** Measured on 2.10: for at least two minutes after the removal, in the answer of every server; a restart of each ends it. */
const stillCharged =
  "; this server version goes on charging the account for what a removed server held, until every server was restarted: where the " +
  "account has little room, the restore is refused";

/**
 * Streams that no replica holds any more: what is left under the name is deleted, and the backup restored in its place. After
 * all removals, because a removal may put an empty one there.
 * A deletion is the point of no return: a server that came back with the old disk would delete its copy then.
 */
export function planLosses(view: View, spares: Spares, before: readonly string[]): readonly PlanStep[] {
  // What is left of all of them goes before any is restored, and copies before their origins: an empty copy would copy from an
  // origin that is back, and is no empty one any more then.
  const steps: PlanStep[] = [];
  const stubs = new Map<string, PlanStep>();
  const restores: PlanStep[] = [];
  const census = censusStep(view);
  if (census !== null) steps.push(census);
  const losses = findLosses(view);
  const keyOf = ({ key }: Loss): string => key;
  const origins = (loss: Loss): readonly string[] => originsOfLost(view, loss);
  const copiesFirst = originsFirst([...losses].reverse(), keyOf, origins).toReversed();
  const lost = new Set(losses.map(keyOf));
  const hangs = new Hanging(
    losses.filter((loss) => isCertain(view, spares, loss)),
    origins,
  );
  for (const loss of originsFirst(losses, keyOf, origins)) {
    const { account, name, key } = loss;
    const cover = coverOfLoss(view, loss);
    const target = { account, stream: name };
    const copies = view.copies.get(key) ?? [];
    if (cover.backup === null) {
      const blocked = cover.released
        ? []
        : [
            ask(
              `lost:${key}`,
              loss.why,
              "Bring back a disk that has it, give a backup (--backups), or release it by its name (--release); if it was meant, accept it (--accept).",
              target,
              [cover.text],
            ),
          ];
      steps.push(...blocked);
      continue;
    }
    const after = [...before, ...(census === null ? [] : [census.id])];
    for (const copy of copies) {
      // A backup of what is left of one that is lost itself would stand in for what it held.
      if (lost.has(copy.key)) continue;
      const step = backUpStep(view, copy, `it copies from ${key}, and may mix two histories once that begins again`);
      if (step !== null && !steps.some(({ id }) => id === step.id)) steps.push(step);
      if (step !== null) after.push(step.id);
    }
    const blockers = blockersOf(view, loss, cover);
    if (loss.cutOff?.wait) {
      steps.push(loss.cutOff.wait);
      after.push(loss.cutOff.wait.id);
    }
    const { fresh } = cover;
    const standing = placed(loss, cover);
    // What nobody can take is not deleted either.
    if (standing !== null) after.push(...spares.before(standing, [], 1, false));
    if (loss.stub) {
      const stub = makeStep({
        kind: "delete-stub",
        id: key,
        target,
        why: `${loss.why}; what is left under the name has to go before it can be restored`,
        risk: "the point of no return: a server that comes back with the old disk deletes its copy",
        precondition: [
          condition("one-meta-leader", "one server leads the meta group"),
          loss.cutOff
            ? condition("stub-empty", `${key} holds nothing that the backup has not`)
            : condition("stub-empty", `${key} does not answer, or holds no message`),
          condition("r1-covered", cover.text),
        ],
        after,
        verify: verifications.streamGone,
        blockers,
        safe: fresh,
        evidence: [cover.text],
        arguments: { lastSeq: loss.cutOff ? cover.backup.lastSeq : null },
      });
      stubs.set(key, stub);
      after.push(stub.id);
    }
    after.push(...hangs.before(loss));
    const wanted = standing?.wanted ?? view.memory.get(key)?.replicas ?? 1;
    const restore = makeStep({
      kind: "restore",
      id: key,
      target,
      why:
        wanted > 1
          ? `${loss.why}; with one replica first, since large restores to several are known to fail`
          : loss.why,
      risk: `what was published after the backup is not in it${comesBack(cover)}${view.rules.chargesForDeadPeers ? stillCharged : ""}`,
      precondition: [
        condition("one-meta-leader", "one server leads the meta group"),
        condition("candidates", "a living server can take it"),
      ],
      after,
      verify: verifications.contentEqual,
      undo: "delete it",
      blockers,
      safe: fresh,
      evidence: [cover.text, ...setBack(loss, cover)],
      arguments: {
        backup: cover.backup.path,
        created: cover.backup.created,
        lastSeq: cover.backup.lastSeq,
        replicas: wanted > 1 ? 1 : null,
      },
    });
    restores.push(restore);
    if (wanted > 1) {
      const room = standing === null ? [] : spares.before(standing, [], wanted, false);
      restores.push(scaleUpStep({ key, target, wanted, after: [restore.id, ...room], safe: fresh }));
    }
    restores.push(...consumerSteps(loss, cover));
    for (const copy of copies) restores.push(flowStep(view, copy, key));
  }
  return [...steps, ...copiesFirst.flatMap(({ key }) => stubs.get(key) ?? []), ...restores];
}

/** Keys of the streams that a lost one copies from, as far as anybody remembers. */
function originsOfLost(view: View, { account, key, standing }: Loss): readonly string[] {
  const told = standing === null ? [] : originsOf(standing);
  if (told.length > 0) return told;
  return (view.memory.get(key)?.origins ?? []).map((name) => streamKey(account, name));
}

/** Consumers that a restore does not bring back. */
function consumerSteps({ key, account, name }: Loss, { consumersBehind }: Cover): readonly PlanStep[] {
  return consumersBehind.flatMap(({ name: consumer, ackFloor, inBackup }) => {
    if (inBackup !== null) return [];
    const id = `${key} > ${consumer}`;
    const from = ackFloor === null || ackFloor === 0 ? "" : ` with opt_start_seq ${ackFloor + 1}`;
    const why = `consumer ${id} had acknowledged up to ${ackFloor ?? "?"}, and is not in the backup`;
    return [
      ask(`consumer:${id}`, why, `After the restore: create it again${from}.`, { account, stream: name, consumer }),
    ];
  });
}

/** Consumers that a restore sets back, as every restore of one that has gone on does: no loss, and worth knowing. */
function setBack({ key }: Loss, { consumersBehind }: Cover): readonly string[] {
  return consumersBehind.flatMap(({ name, ackFloor, inBackup }) => {
    if (inBackup === null) return [];
    return [
      `consumer ${key} > ${name} had acknowledged up to ${ackFloor}, and up to ${inBackup} in the backup: what lies between is delivered again`,
    ];
  });
}

/** A mirror goes on or stands still; a stream that sources begins at the front, as was seen on 2.15: 400 messages became 800. */
function flowStep(view: View, { key, account, name, settings }: StreamStanding, origin: string): PlanStep {
  const target = { account, stream: name };
  if (settings?.mirror == null) {
    return ask(
      `flow:${key}`,
      `${key} copies from ${origin}: after a restore it may copy all of it once more`,
      view.rules.copiesAnewFromNewOrigins
        ? "Compare its messages with what it had: within half a minute they double. Then restore it from its own backup, with an " +
            "opt_start_seq for that source, one above the last sequence that it has of it: relight stream restore <backup> " +
            "--if-exists replace --config <file>. Without one it doubles again."
        : "Compare its messages with what it had: where they have doubled, restore it from its own backup.",
      target,
    );
  }
  return ask(
    `flow:${key}`,
    `${key} copies from ${origin}: after a restore its lag proves nothing`,
    "Compare its last sequence with the origin's; if it does not follow, restore it from its own backup or create it anew.",
    target,
  );
}

/** Acknowledgements of a work queue, purges and limits take messages, and leave the last sequence what it was. */
function comesBack({ backup, baseline }: Cover): string {
  if (backup === null || baseline === null || backup.messages <= baseline.messages) return "";
  return `; it has ${backup.messages} messages and the stream had ${baseline.messages} left: what was acknowledged, purged or deleted since comes back`;
}

/**
 * Half of all streams gone or new at once is no work of a person: an empty server came up first, a store is on the wrong volume, or
 * servers deleted what they no longer knew of. What is on the other disks may be deleted next.
 */
function censusStep(view: View): PlanStep | null {
  const lost = view.regressions.filter(({ kind, certain, account, stream }) => {
    const gone = certain && (kind === "vanished" || kind === "recreated");
    return gone && !isOwnDoing(view, streamKey(account, stream));
  });
  // Whoever names every one of them has seen it.
  if (lost.every(({ account, stream }) => isNamed(view, streamKey(account, stream)))) return null;
  const known = view.request.ledger.streams.filter(({ goneOnRequestAt }) => goneOnRequestAt == null).length;
  if (lost.length < 2 || lost.length * 2 < known) return null;
  return ask(
    "census",
    `${lost.length} of ${known} streams are gone or were created anew`,
    "Stop the servers before they delete more, copy every store directory away, see that each has the right volume, and start those " +
      "with the old disks first. Keep every backup. Restore only what is still missing then.",
    {},
    lost.map(({ text }) => text),
  );
}
