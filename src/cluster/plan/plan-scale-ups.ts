import type { PlanStep } from "./cluster-plan.ts";
import { condition, makeStep, verifications } from "./make-step.ts";
import type { Spares } from "./plan-spares.ts";
import type { View } from "./view.ts";

/** Streams that are, or will be, scaled down get back the replicas that they had, after all removals. */
export function planScaleUps(
  view: View,
  spares: Spares,
  scaled: ReadonlySet<string>,
  before: readonly string[],
): readonly PlanStep[] {
  const steps: PlanStep[] = [];
  for (const stream of view.streams) {
    const { key, remembered } = stream;
    const was = scaled.has(key) ? stream.wanted : (remembered?.scaledFrom ?? null);
    if (was === null || was <= 1) continue;
    if (!scaled.has(key) && (stream.leader === null || (stream.settings?.replicas ?? was) >= was)) continue;
    // Enough servers for all of its replicas, not for one more only.
    const retained = scaled.has(key) ? stream.alive.slice(0, 1) : (stream.group ?? []);
    const needs = spares.before(stream, retained, was - retained.length, false);
    const after = [...(scaled.has(key) ? [`scale-down:${key}`] : []), ...before, ...needs];
    steps.push(
      scaleUpStep({ key, target: { account: stream.account, stream: stream.name }, wanted: was, after, safe: false }),
    );
  }
  return steps;
}

/** Gives a stream its replicas back. */
export function scaleUpStep(of: {
  readonly key: string;
  readonly target: { readonly account: string; readonly stream: string };
  readonly wanted: number;
  readonly after: readonly string[];
  readonly safe: boolean;
}): PlanStep {
  return makeStep({
    kind: "scale-up",
    id: of.key,
    target: of.target,
    why: `${of.key} is to have ${of.wanted} replicas again`,
    precondition: [
      condition("one-meta-leader", "one server leads the meta group"),
      condition("candidates", `living servers can take all ${of.wanted} replicas`),
    ],
    after: of.after,
    verify: verifications.replicasCurrent,
    undo: "scale it down again",
    safe: of.safe,
    arguments: { replicas: of.wanted },
  });
}
