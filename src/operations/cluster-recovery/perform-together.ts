import type { PlanStep } from "../../cluster/plan/cluster-plan.ts";
import type { RelightError } from "../../errors.ts";
import type { Session } from "../../jetstream/session.ts";
import { observeTarget } from "../stream-restore/observe-target.ts";
import type { RestoreTarget } from "../stream-restore/restore-plan.ts";

/** The account of a session as it was before any of the steps began. */
export type TargetOf = (session: Session) => Promise<RestoreTarget>;

export interface FailedStep {
  readonly step: PlanStep;
  readonly error: RelightError;
}

/**
 * Performs steps at the same time, each of a stream of its own, and returns those that failed. All have ended then. An account is looked
 * at once for all of them, before any of them is being restored. Throws what `perform` throws.
 */
export async function performTogether(
  steps: readonly PlanStep[],
  perform: (step: PlanStep, targetOf: TargetOf) => Promise<RelightError | null>,
): Promise<readonly FailedStep[]> {
  const targets = new Map<Session, Promise<RestoreTarget>>();
  const targetOf: TargetOf = (session) => {
    const target = targets.get(session) ?? observeTarget(session, { oneByOne: true });
    targets.set(session, target);
    return target;
  };
  const ended = await Promise.allSettled(steps.map((step) => perform(step, targetOf)));
  const failed: FailedStep[] = [];
  for (const [index, step] of steps.entries()) {
    const end = ended[index];
    if (end?.status === "rejected") throw end.reason;
    if (end?.value) failed.push({ step, error: end.value });
  }
  return failed;
}
