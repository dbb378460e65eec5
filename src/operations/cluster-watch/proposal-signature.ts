import type { PlanStep } from "../../cluster/plan/cluster-plan.ts";
import type { Proposal } from "./watch-request.ts";

/**
 * What makes a proposal another one. Waits for a moment, as for a replica that is catching up, come and go in every healthy cluster and
 * are none; nor are seconds that pass. "" where nothing is proposed. Pure.
 */
export function proposalSignature({ plan, unasked }: Proposal): string {
  const steps = plan.steps.filter(isLasting).map(({ id, state, until, blockers }) => {
    return [id, state, until === null ? "" : "timed", ...blockers.map(({ code }) => code)].join(" ");
  });
  if (steps.length === 0) return "";
  // That time has passed is told by what is done then.
  const reasons = new Set(unasked.reasons.map(({ code }) => code).filter((code) => code !== "not-silent-enough"));
  return JSON.stringify([steps, [...reasons]]);
}

/** Worth to be told of: all but the waits that a cluster ends by itself. */
export function isLasting({ kind, id, blockers }: PlanStep): boolean {
  return kind !== "wait" || blockers.length > 0 || /^wait:(?:server|starting|returned):/.test(id);
}
