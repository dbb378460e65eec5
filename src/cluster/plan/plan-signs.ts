import { streamKey } from "../ledger.ts";
import type { PlanStep } from "./cluster-plan.ts";
import { makeStep, verifications } from "./make-step.ts";
import type { View } from "./view.ts";

/**
 * Signs of a loss that only one look shows so far. Nothing may be done about them yet, and nothing is whole while they are there:
 * a consumer that was set back by the last step would be forgotten. `planned`: what is planned for these streams anyway.
 */
export function planSigns(view: View, planned: readonly PlanStep[]): readonly PlanStep[] {
  return view.regressions.flatMap(({ certain, account, stream, consumer, text }) => {
    const known = planned.some(({ target }) => target.account === account && target.stream === stream);
    if (certain || known) return [];
    return [
      makeStep({
        kind: "wait",
        id: `sign:${streamKey(account, stream)}${consumer === null ? "" : ` > ${consumer}`}`,
        target: { account, stream, consumer },
        why: `${text}; whether that stays so only another look tells`,
        verify: verifications.leaderStable,
        safe: true,
        waiting: true,
      }),
    ];
  });
}
