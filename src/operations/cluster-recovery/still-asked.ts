import type { ClusterPlan, PlanStep } from "../../cluster/plan/cluster-plan.ts";
import type { LeftOver } from "./recovery-request.ts";

/**
 * What a person has to look at because of a step that was done, and that no later plan says: once a stream is restored, nothing shows
 * any more that what copies from it was at odds with it, or that a consumer of it was not in the backup. Pure.
 */
export function stillAsked(step: PlanStep, { steps }: ClusterPlan): readonly LeftOver[] {
  if (step.kind !== "restore") return [];
  const about = `copies from ${step.target.account}/${step.target.stream}:`;
  return steps
    .filter(({ id, why, target }) => {
      const ofStream = target.account === step.target.account && target.stream === step.target.stream;
      return (id.startsWith("ask:flow:") && why.includes(about)) || (id.startsWith("ask:consumer:") && ofStream);
    })
    .map(({ id, why, blockers }) => ({ step: id, text: why, cure: blockers[0]?.cure ?? why }));
}
