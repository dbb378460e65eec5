import { isSeen } from "../unseen.ts";
import { versionHazards } from "../version-hazards.ts";
import type { Blocker, ClusterPlan, Outlook, PlanStep } from "./cluster-plan.ts";
import { lossBlocker, originsOf } from "./cover.ts";
import { makeStep, verifications } from "./make-step.ts";
import { backUpStep } from "./plan-back-up.ts";
import { planBelowQuorum } from "./plan-below-quorum.ts";
import { planConsumers } from "./plan-consumers.ts";
import { planDrains } from "./plan-drains.ts";
import { planLosses } from "./plan-losses.ts";
import { planMetaDown } from "./plan-meta-down.ts";
import { planRemovals } from "./plan-removals.ts";
import type { PlanRequest } from "./plan-request.ts";
import { planScaleUps } from "./plan-scale-ups.ts";
import { planSilent } from "./plan-silent.ts";
import { Spares } from "./plan-spares.ts";
import { planStalePeers } from "./plan-stale-peers.ts";
import { planTroubles } from "./plan-troubles.ts";
import { serversOfKind, type View, viewOf } from "./view.ts";

/** What recovers a cluster, in order, for the versions that it runs. Pure. See docs/cluster-plan.md. */
export function planCluster(request: PlanRequest): ClusterPlan {
  const view = viewOf(request);
  const steps = stepsOf(view);
  const complete = steps.every(({ by, blockers }) => by === "relight" && blockers.length === 0);
  const outlook = outlookOf(view, steps);
  return {
    format: "relight-cluster-plan",
    formatVersion: 1,
    takenAt: request.picture.later.takenAt,
    plannedAt: request.now,
    outlook,
    summary: summaryOf(outlook, steps),
    complete,
    versions: view.rules.versions,
    hazards: versionHazards(view.rules.versions),
    steps,
    notes: notesOf(view),
  };
}

function stepsOf(view: View): readonly PlanStep[] {
  const { picture } = view.request;
  if (!isSeen(picture.later.sight.system)) {
    return [
      hold("sight", [
        {
          code: "no-sight",
          text: "the servers' own answers cannot be seen, so nothing can be planned",
          cure: "Give a credential of the system account (--system-creds, --system-user, ...).",
        },
      ]),
    ];
  }
  if (view.hold.length > 0) {
    const cure =
      "Mend the network, or wait: a leader that was cut off claims to lead for up to 24 s. Remove and rescue nothing.";
    return [
      hold(
        "partition",
        view.hold.map((text) => ({ code: "two-leaders", text, cure })),
      ),
    ];
  }
  if (picture.earlier === null || view.meta.kind === "unseen" || view.meta.kind === "electing") {
    return [hold("look-again", [], view.meta.why)];
  }
  if (view.meta.kind === "down") return planMetaDown(view);
  return planLed(view);
}

/** With a meta leader: first what is in the way, then the removals, then what only the removals make possible. */
function planLed(view: View): readonly PlanStep[] {
  const spares = new Spares(view);
  const troubles = planTroubles(view);
  const silent = planSilent(view);
  const first: PlanStep[] = [];
  const before = new Map<string, string[]>();
  const blockers = new Map<string, readonly Blocker[]>();
  const scaled = new Set<string>();
  for (const { id, target } of troubles) {
    if (target.stream !== null && target.consumer === null) push(before, `${target.account}/${target.stream}`, id);
  }
  const gone = serversOfKind(view, "gone").filter(({ member }) => member);
  const onGone = view.streams.filter(({ dead }) => gone.some(({ name }) => dead.includes(name)));
  for (const stream of onGone) {
    if (stream.moving || stream.divergence.length > 0) continue;
    if (stream.kind === "below-quorum") {
      const rescue = planBelowQuorum(view, stream);
      first.push(...rescue.steps);
      for (const { id, kind } of rescue.steps) {
        push(before, stream.key, id);
        if (kind === "scale-down") scaled.add(stream.key);
      }
      if (rescue.blockers.length > 0) blockers.set(stream.key, rescue.blockers);
      // The survivors elect without a spare; the replicas that they miss come after.
      if (!view.rules.scaleDownNeedsOfflineFlag) spares.before(stream, stream.alive);
    } else if (stream.kind === "degraded" || stream.kind === "leaderless") {
      const needs = spares.before(stream, stream.alive);
      if (!view.request.words.withoutSpare) for (const id of needs) push(before, stream.key, id);
    } else if (stream.kind === "lost" && lossBlocker(view, stream.account, stream.name) === null) {
      first.push(...copiesFirst(view, stream.account, stream.name, (id) => push(before, stream.key, id)));
    }
  }
  const always = troubles.filter(({ id }) => /^wait:(?:starting|move):|^cancel-move:/.test(id)).map(({ id }) => id);
  if (view.meta.changing) {
    first.push(hold("meta-change", [], "the meta group is working on a change; one at a time"));
    always.push("wait:meta-change");
  }
  const removals = planRemovals(view, { steps: before, blockers, always });
  const stale = planStalePeers(view, spares, lastWait(removals));
  const done = [...removals, ...stale].filter(({ id }) => id.startsWith("wait:healed:")).map(({ id }) => id);
  const ups = planScaleUps(view, spares, scaled, done);
  const losses = planLosses(view, spares, done);
  const consumers = planConsumers(view);
  const quiet = [...troubles, ...silent, ...first, ...removals, ...stale, ...ups, ...losses].length === 0;
  const drains = quiet ? planDrains(view, spares) : [];
  return distinct([
    ...troubles,
    ...silent,
    ...first,
    ...spares.steps(),
    ...removals,
    ...stale,
    ...ups,
    ...losses,
    ...consumers,
    ...drains,
  ]);
}

/** Mirrors of what will be lost are the best copies of it, until their origin begins anew. */
function copiesFirst(view: View, account: string, name: string, add: (id: string) => void): readonly PlanStep[] {
  const steps: PlanStep[] = [];
  for (const stream of view.streams) {
    if (stream.account !== account || stream.leader === null || !originsOf(view, stream.key).includes(name)) continue;
    const step = backUpStep(
      view,
      stream,
      `it copies from ${account}/${name}, which the removal may create anew, empty`,
    );
    if (step === null) continue;
    steps.push(step);
    add(step.id);
  }
  return steps;
}

function lastWait(steps: readonly PlanStep[]): readonly string[] {
  const last = steps.findLast(({ id }) => id.startsWith("wait:healed:"));
  return last === undefined ? [] : [last.id];
}

function push(map: Map<string, string[]>, key: string, id: string): void {
  const known = map.get(key);
  if (known) known.push(id);
  else map.set(key, [id]);
}

/** Each step once, where it is first needed. */
function distinct(steps: readonly PlanStep[]): readonly PlanStep[] {
  const seen = new Set<string>();
  return steps.filter(({ id }) => !seen.has(id) && seen.add(id));
}

function hold(id: string, blockers: readonly Blocker[], why = blockers.map(({ text }) => text).join("; ")): PlanStep {
  return makeStep({ kind: "wait", id, why, verify: verifications.oneMetaLeader, safe: true, waiting: true, blockers });
}

function outlookOf(view: View, steps: readonly PlanStep[]): Outlook {
  if (steps.length === 0) return "whole";
  if (view.hold.length > 0 || !isSeen(view.request.picture.later.sight.system)) return "hold";
  if (steps.some(({ state, by }) => state === "ready" && by === "relight")) return "act";
  return steps.some(({ state }) => state === "waiting") ? "wait" : "blocked";
}

function summaryOf(outlook: Outlook, steps: readonly PlanStep[]): string {
  const person = steps.filter(({ by, blockers }) => by === "operator" || blockers.length > 0).length;
  const rest = person > 0 ? ` ${person} of ${steps.length} steps are for a person.` : "";
  switch (outlook) {
    case "whole":
      return "Nothing to do.";
    case "hold":
      return `Nothing may be done: ${steps[0]?.why}.`;
    case "act":
      return `${steps.length} steps, the first can be done now.${rest}`;
    case "wait":
      return `Nothing to do but wait.${rest}`;
    case "blocked":
      return `A person has to go on.${rest}`;
  }
}

function notesOf(view: View): readonly string[] {
  const notes: string[] = [];
  const gone = serversOfKind(view, "gone").map(({ name }) => name);
  if (gone.length > 0) {
    notes.push(
      `Before anything is removed: see that ${gone.join(", ")} cannot start again, and copy its store directory away. It may return ` +
        "only with a new server_name and an empty store directory.",
    );
    if (view.rules.mayPickOfflinePeer) {
      notes.push("This server version may place new replicas on servers that are offline: remove all dead ones.");
    }
    if (!view.rules.removeAnswersAfterCommit) {
      notes.push("This server version answers a removal before it is decided: only a new look tells that it was done.");
    }
  }
  if (!view.inventoryComplete) {
    notes.push(
      "Not every account's streams are known: a lost R1 stream of theirs would be missing here without a trace.",
    );
  }
  return notes;
}
