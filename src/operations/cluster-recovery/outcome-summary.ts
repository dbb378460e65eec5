import type { ClusterPlan } from "../../cluster/plan/cluster-plan.ts";
import type { LeftOver, RecoveryOutcome, StepRecord } from "./recovery-request.ts";

/** How a recovery ended, in one sentence for a person. Pure. */
export function outcomeSummary(
  status: RecoveryOutcome["status"],
  steps: readonly StepRecord[],
  left: readonly LeftOver[],
  seconds: number,
  plan: ClusterPlan | null,
  /** Of the last look; null: none. */
  fewer: string | null,
): string {
  const done = steps.filter(({ state }) => state === "done").length;
  const many = `${done} ${done === 1 ? "step" : "steps"} done and verified`;
  switch (status) {
    case "whole":
      return plan?.summary ?? "Nothing to do.";
    case "recovered":
      return `${many} in ${seconds.toFixed(1)} s; ${fewer ?? "everything is whole"}.`;
    case "left":
      if (plan?.outlook === "hold") return `${many}. ${plan.summary}`;
      return `${done === 0 ? "Nothing was done" : many}; ${left.length} ${left.length === 1 ? "thing is" : "things are"} left.`;
    case "failed":
      return `${many}; ${steps.at(-1)?.id} failed: ${steps.at(-1)?.error?.message}`;
    case "cancelled":
      if (steps.at(-1)?.state !== "unknown") return `${done === 0 ? "Nothing was done" : many}.`;
      return `${done === 0 ? "" : `${many}; `}what came of ${steps.at(-1)?.id} was not waited for.`;
  }
}
