import type { ClusterPlan } from "../../cluster/plan/cluster-plan.ts";
import { outcomeSummary } from "./outcome-summary.ts";
import type { LeftOver, RecoveryOutcome, StepRecord } from "./recovery-request.ts";
import type { Tally } from "./tally.ts";

/** A run as it stands when it ends. */
export interface EndedRun {
  readonly begun: Date;
  readonly steps: readonly StepRecord[];
  readonly tally: Tally;
  /** By what they are about: what a person has to look at although no plan says it any more. */
  readonly asked: ReadonlyMap<string, LeftOver>;
  /** What the last plan leaves. */
  readonly found: readonly LeftOver[];
  readonly plan: ClusterPlan | null;
  /** What has fewer replicas, as was accepted, in words; null: nothing. */
  readonly fewer: string | null;
  readonly ledger: string;
  readonly audit: string;
}

/** What a run came to. `status` is how it ended, which what failed or is left on the way makes worse. */
export function outcomeOf(status: RecoveryOutcome["status"], run: EndedRun): RecoveryOutcome {
  const { begun, steps, tally, asked, found, plan, fewer, ledger, audit } = run;
  const surprises = tally.surprises.map(({ step, error }) => ({ step, text: error.message, cure: error.hint }));
  const all = [...surprises, ...found].map((one) => [one.step ?? one.text, one] as const);
  const left = [...new Map([...asked, ...all]).values()];
  const failed = failedIds(status, steps, tally);
  const settled = settledStatus(status, {
    failures: failed.length > 0,
    left: left.length > 0,
    steps: steps.length > 0,
  });
  const seconds = (Date.now() - begun.getTime()) / 1000;
  return {
    format: "relight-cluster-recovery",
    formatVersion: 1,
    begunAt: begun.toISOString(),
    seconds,
    status: settled,
    summary: outcomeSummary({ status: settled, steps, failed, left, seconds, plan }, fewer),
    steps,
    failed,
    left,
    plan,
    ledger,
    audit,
  };
}

/** Those that kept nothing else from being done, and the one that ended the run, if one did. */
function failedIds(
  status: RecoveryOutcome["status"],
  steps: readonly StepRecord[],
  { failures }: Tally,
): readonly string[] {
  const ids = failures.map(({ step }) => step);
  const last = steps.at(-1);
  return status === "failed" && last !== undefined && !ids.includes(last.id) ? [...ids, last.id] : ids;
}

function settledStatus(
  status: RecoveryOutcome["status"],
  found: { readonly failures: boolean; readonly left: boolean; readonly steps: boolean },
): RecoveryOutcome["status"] {
  if (status !== "recovered" && status !== "left") return status;
  if (found.failures) return "failed";
  if (found.left) return "left";
  return found.steps ? status : "whole";
}
