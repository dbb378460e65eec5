import type { Blocker, PlanStep } from "../../cluster/plan/cluster-plan.ts";
import type { StepRecord } from "../cluster-recovery/recovery-request.ts";

/** What came of one change that an operator asked for: plain JSON data. */
export interface ChangeOutcome {
  readonly format: "relight-cluster-change";
  readonly formatVersion: 1;
  readonly status: /** Made, and verified. */
    | "done"
    /** Something speaks against it; nothing was touched. */
    | "refused"
    /** There was nothing to do. */
    | "nothing"
    /** It was to be shown only. */
    | "planned"
    /** The operator said no when asked. */
    | "declined"
    /** It was sent and not seen to take effect, or the servers refused it. */
    | "failed"
    /** Begun, and not waited for to the end. */
    | "cancelled";
  /** One sentence for a person. */
  readonly summary: string;
  /** What was planned; null where nothing had to be. */
  readonly step: PlanStep | null;
  /** What spoke against it, whether the operator insisted or not. */
  readonly blockers: readonly Blocker[];
  /** The operator insisted although something spoke against it. */
  readonly forced: boolean;
  /** What was done; null: nothing. */
  readonly record: StepRecord | null;
  /** What is left to be done afterwards, for a person. */
  readonly left: readonly string[];
  /** The file that it was written down in; null: nothing was done, or there is no ledger that it could lie beside. */
  readonly audit: string | null;
}

export const changeFormat = { format: "relight-cluster-change", formatVersion: 1 } as const;
