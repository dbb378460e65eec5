import type { RecoveryOutcome, StepRecord } from "./recovery-request.ts";

export type Ending = Pick<RecoveryOutcome, "status" | "steps" | "failed" | "left" | "seconds" | "plan">;

/** How a recovery ended, in one sentence for a person. Pure. */
export function outcomeSummary(
  { status, steps, failed, left, seconds, plan }: Ending,
  /** What has fewer replicas, at the last look; null: nothing. */
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
      return `${many}; ${whatFailed(steps, failed)}`;
    case "cancelled":
      if (steps.at(-1)?.state !== "unknown") return `${done === 0 ? "Nothing was done" : many}.`;
      return `${done === 0 ? "" : `${many}; `}what came of ${steps.at(-1)?.id} was not waited for.`;
  }
}

function whatFailed(steps: readonly StepRecord[], failed: readonly string[]): string {
  if (failed.length > 1) return `${failed.length} steps failed: ${failed.join(", ")}`;
  return `${failed[0]} failed: ${steps.findLast(({ id }) => id === failed[0])?.error?.message}`;
}
