import { nameList } from "../name-list.ts";
import type { Blocker, PlanStep } from "./cluster-plan.ts";
import { coverOf } from "./cover.ts";
import { condition, makeStep, verifications } from "./make-step.ts";
import { ask, salvageStep } from "./simple-steps.ts";
import type { StreamStanding } from "./stream-standing.ts";
import { survivorBlocker } from "./survivors.ts";
import type { View } from "./view.ts";

/** Enough peers answer and nobody leads: wait two elections, make them elect, and only then build the group anew. */
export function planLeaderless(view: View, stream: StreamStanding): readonly PlanStep[] {
  const { thresholds, now } = view.request;
  const { key, remembered } = stream;
  const target = { account: stream.account, stream: stream.name };
  const since = remembered?.leaderlessSince ?? now;
  const step = remembered?.stepDownAt ?? null;
  const patience = Date.parse(step ?? since) + thresholds.electionMs;
  const starting = stream.alive.some((name) => view.servers.get(name)?.kind === "starting");
  if (starting || Date.parse(now) < patience) {
    return [
      makeStep({
        kind: "wait",
        id: `leader:${key}`,
        target,
        why: `${key} has no leader since ${since}; enough of its peers answer to elect one`,
        verify: verifications.leaderStable,
        safe: true,
        waiting: true,
        until: starting ? null : new Date(patience).toISOString(),
      }),
    ];
  }
  if (step === null) {
    return [
      makeStep({
        kind: "step-down",
        id: key,
        target,
        why: `${key} has no leader since ${since}, longer than two elections take`,
        risk: "publishing is interrupted for some seconds, which it is already",
        precondition: [condition("one-meta-leader", "one server leads the meta group")],
        verify: verifications.leaderStable,
        undo: "none is needed",
      }),
    ];
  }
  // With a dead peer in the group, scaling down may keep that one: removals have their own, careful way.
  if (!view.rules.scaleDownNeedsOfflineFlag || stream.dead.length > 0) {
    return [
      ask(
        `leaderless:${key}`,
        `${key} has no leader since ${since}, also after a step-down`,
        `See that ${nameList(stream.alive)} reach each other, and read their logs; a restart of one after the other is the usual cure.`,
        target,
      ),
    ];
  }
  const steps: PlanStep[] = [];
  const furthest = stream.replicas[0]?.state.lastSeq ?? 0;
  const cover = coverOf(view, stream.account, stream.name);
  const saved = cover.backup !== null && stream.replicas.length > 0 && cover.backup.lastSeq >= furthest;
  if (!saved && stream.settings?.allowDirect) steps.push(salvageStep(view, stream));
  const blockers: Blocker[] = [];
  if (!saved && !stream.settings?.allowDirect && !cover.released) {
    blockers.push({
      code: "no-copy",
      text: `${key} cannot be read without a leader, and no backup reaches ${furthest}`,
      cure: "Give a backup that does, or release the stream by its name.",
    });
  }
  const lacking = survivorBlocker(view, stream);
  if (lacking !== null) blockers.push(lacking);
  const down = makeStep({
    kind: "scale-down",
    id: key,
    target,
    why: `${key} has no leader since ${since}, also after a step-down: its group is built anew from one replica`,
    risk: "the server chooses which replica stays: what only the others have is lost",
    precondition: [
      condition("one-meta-leader", "one server leads the meta group"),
      condition("survivor-has-data", `every replica ends at ${furthest}`),
    ],
    after: steps.map(({ id }) => id),
    verify: verifications.survivorLeads,
    undo: `scale it up to ${stream.wanted} again`,
    arguments: { replicas: 1, lastSeq: furthest },
    blockers,
  });
  return [...steps, down];
}
