import type { PlanStep } from "./cluster-plan.ts";
import { coverOf } from "./cover.ts";
import { makeStep, verifications } from "./make-step.ts";
import type { StreamStanding } from "./stream-standing.ts";
import type { View } from "./view.ts";

/** A backup of a stream that answers, before something is done that it may not survive; null: there is a fresh one. */
export function backUpStep(view: View, stream: StreamStanding, why: string): PlanStep | null {
  const { thresholds, now } = view.request;
  const { backup } = coverOf(view, stream.account, stream.name);
  const lastSeq = stream.state?.lastSeq ?? stream.replicas[0]?.state.lastSeq ?? null;
  const young = backup !== null && Date.parse(now) - Date.parse(backup.takenAt) <= thresholds.freshBackupMs;
  if (young && lastSeq !== null && backup.lastSeq >= lastSeq) return null;
  // A stream in memory gives no snapshot before 2.15; its messages can be read one by one all the same.
  return makeStep({
    kind: "back-up-first",
    id: stream.key,
    target: { account: stream.account, stream: stream.name },
    why: `${stream.key}: ${why}`,
    risk:
      stream.settings?.storage === "memory" && !view.rules.memorySnapshots ? "it is read message by message" : "none",
    verify: verifications.backupProven,
    safe: true,
    arguments: { lastSeq },
  });
}
