import { keepsUp } from "../keeps-up.ts";
import { isSeen } from "../unseen.ts";
import type { Blocker, PlanStep } from "./cluster-plan.ts";
import { lossBlocker } from "./cover.ts";
import { backUpStep } from "./plan-back-up.ts";
import { planBelowQuorum } from "./plan-below-quorum.ts";
import { planConsumers } from "./plan-consumers.ts";
import { planDrains } from "./plan-drains.ts";
import { planLosses } from "./plan-losses.ts";
import { planRemovals } from "./plan-removals.ts";
import { planScaleUps } from "./plan-scale-ups.ts";
import { planSigns } from "./plan-signs.ts";
import { planSilent } from "./plan-silent.ts";
import { Spares } from "./plan-spares.ts";
import { planStalePeers } from "./plan-stale-peers.ts";
import { planTroubles } from "./plan-troubles.ts";
import { ask, holdStep } from "./simple-steps.ts";
import type { StreamStanding } from "./stream-standing.ts";
import { isEvicting } from "./survivors.ts";
import { serversOfKind, type View } from "./view.ts";

/**
 * The plan where the meta group has a leader: first what is in the way, then the removals, then what only they make possible:
 * replicas given back, lost streams restored.
 */
export function planLed(view: View): readonly PlanStep[] {
  const spares = new Spares(view);
  const troubles = planTroubles(view);
  const first = new First(view, spares, troubles);
  const always = troubles.filter(({ id }) => /^wait:(?:starting|move):|^cancel-move:/.test(id)).map(({ id }) => id);
  if (view.meta.changing) {
    first.steps.push(holdStep("meta-change", [], "the meta group works on a change; one is made at a time"));
    always.push("wait:meta-change");
  }
  const removals = planRemovals(view, { ...first, steps: first.before, always });
  const last = removals.findLast(({ kind }) => kind === "wait");
  const stale = planStalePeers(view, spares, last === undefined ? [] : [last.id]);
  const healed = [...removals, ...stale].filter(({ kind }) => kind === "wait").map(({ id }) => id);
  for (const { kind, target } of troubles) {
    if (kind === "scale-down") first.scaled.add(`${target.account}/${target.stream}`);
  }
  const ups = planScaleUps(view, spares, first.scaled, healed);
  const losses = planLosses(view, spares, healed);
  const short = planShort(view, spares);
  const silent = planSilent(view);
  const steps = [...troubles, ...silent, ...first.steps, ...removals, ...stale, ...ups, ...losses, ...short];
  const drains = steps.length === 0 && spares.steps().length === 0 ? planDrains(view, spares) : [];
  // New servers come before the first removal, which they make possible; nothing that needs none waits for them.
  const added = spares.steps();
  const all = [
    ...troubles,
    ...silent,
    ...first.steps,
    ...added,
    ...removals,
    ...stale,
    ...ups,
    ...losses,
    ...short,
    ...planConsumers(view),
    ...drains,
  ];
  return distinct([...all, ...planSigns(view, all)]);
}

/** What has to be done, stream by stream, before the servers that are gone can be removed. */
class First {
  readonly steps: PlanStep[] = [];
  readonly before = new Map<string, string[]>();
  readonly blockers = new Map<string, readonly Blocker[]>();
  readonly short = new Set<string>();
  /** Streams that are scaled down on the way. */
  readonly scaled = new Set<string>();
  readonly #view: View;
  readonly #spares: Spares;

  constructor(view: View, spares: Spares, troubles: readonly PlanStep[]) {
    this.#view = view;
    this.#spares = spares;
    const gone = serversOfKind(view, "gone").filter(({ member }) => member);
    const ofStream = Map.groupBy(troubles, ({ target }) => `${target.account}/${target.stream}`);
    for (const stream of view.streams) {
      const affected = stream.dead.filter((server) => gone.some(({ name }) => name === server));
      if (affected.length === 0) continue;
      for (const { id, kind } of ofStream.get(stream.key) ?? []) {
        // One that is behind does not matter where enough others are current.
        const minor =
          stream.leader !== null && (kind === "wait" || kind === "ask") && currentPeers(stream) >= stream.quorum;
        if (!minor || stream.moving || stream.divergence.length > 0) this.#add(stream, [id]);
      }
      const moving = stream.moving && !isEvicting(view, stream);
      if (!moving && stream.divergence.length === 0) this.#prepare(stream, affected.length);
    }
  }

  #prepare(stream: StreamStanding, dead: number): void {
    const { rules } = this.#view;
    if (stream.kind === "degraded" || stream.kind === "leaderless") {
      const needs = this.#spares.before(stream, stream.alive, dead, true);
      this.#add(stream, needs);
      // With the operator's word nothing is needed; then it is not asked again whether there is a spare.
      if (this.#spares.lacks(stream, stream.alive, dead)) this.short.add(stream.key);
    } else if (stream.kind === "below-quorum") {
      const rescue = planBelowQuorum(this.#view, stream);
      this.steps.push(...rescue.steps);
      this.#add(
        stream,
        rescue.steps.map(({ id }) => id),
      );
      if (rescue.steps.some(({ kind }) => kind === "scale-down")) this.scaled.add(stream.key);
      if (rescue.blockers.length > 0) this.blockers.set(stream.key, rescue.blockers);
      // The survivors elect without a spare; the replicas that they miss can come later.
      if (!rules.scaleDownNeedsOfflineFlag) this.#spares.before(stream, stream.alive, dead, true);
    } else if (stream.kind === "lost" && lossBlocker(this.#view, stream.account, stream.name) === null) {
      this.#backUpCopies(stream);
    }
  }

  /** Mirrors of what will be lost are the best copies of it, until their origin begins anew. */
  #backUpCopies(lost: StreamStanding): void {
    for (const stream of this.#view.copies.get(lost.key) ?? []) {
      const step = backUpStep(
        this.#view,
        stream,
        `it copies from ${lost.key}, which the removal may create anew, empty`,
      );
      if (step === null) continue;
      this.steps.push(step);
      this.#add(lost, [step.id]);
    }
  }

  #add(stream: StreamStanding, ids: readonly string[]): void {
    if (ids.length === 0) return;
    this.before.set(stream.key, [...(this.before.get(stream.key) ?? []), ...ids]);
  }
}

function currentPeers(stream: StreamStanding): number {
  return stream.peers.filter(({ name, standing }) => {
    return stream.alive.includes(name ?? "") && isSeen(standing) && keepsUp(standing);
  }).length;
}

/** Streams with fewer peers than replicas, none of them dead: they fill up by themselves when a server joins that fits. */
function planShort(view: View, spares: Spares): readonly PlanStep[] {
  const steps: PlanStep[] = [];
  for (const stream of view.streams) {
    const { key, group, wanted } = stream;
    if (stream.kind !== "short" || stream.moving || group === null || wanted === null) continue;
    if (stream.divergence.length > 0 || !spares.lacks(stream, group, wanted - group.length)) {
      if (stream.divergence.length > 0) continue;
      const cure = `Scale it down to ${group.length}, the peers that it has, and up to ${wanted} again.`;
      steps.push(
        ask(`short:${key}`, `${key} has ${group.length} of ${wanted} peers, and a server that fits is there`, cure, {
          account: stream.account,
          stream: stream.name,
        }),
      );
    } else spares.before(stream, group, wanted - group.length, true);
  }
  return steps;
}

/** Each step once, where it is first needed. */
function distinct(steps: readonly PlanStep[]): readonly PlanStep[] {
  const seen = new Set<string>();
  return steps.filter(({ id }) => !seen.has(id) && seen.add(id));
}
