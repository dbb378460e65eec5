import type { NatsConnection } from "@nats-io/nats-core";
import type { Sample } from "../../cluster/picture.ts";
import type { ClusterPlan, PlanStep } from "../../cluster/plan/cluster-plan.ts";
import type { OperatorWords, PlanRequest, Thresholds } from "../../cluster/plan/plan-request.ts";
import type { Session } from "../../jetstream/session.ts";

/** What a recovery works with. Spans in ms. */
export interface RecoveryRequest {
  /** A connection of the system account: without it nothing can be planned. */
  readonly system: NatsConnection;
  /** The account whose streams are dealt with; steps of accounts that there is no session of are left. */
  readonly account: Session | undefined;
  /** Further accounts, whose streams are dealt with too. */
  readonly others?: readonly Session[];
  readonly words: OperatorWords;
  /** Streams ("ACCOUNT/STREAM") that are right as they are now, whatever the ledger has of them. */
  readonly accept?: readonly string[];
  /** Directories of backups that lost streams may be restored from. */
  readonly backups?: readonly string[];
  readonly thresholds?: Thresholds;
  /** The file in which it is remembered what the cluster holds, and what was done to it. */
  readonly ledger: string;
  /** The file that everything done is written to. Default: beside the ledger, see `recoveryPlaces`. */
  readonly audit?: string;
  /** Where backups go that are made on the way. Default: beside the ledger. */
  readonly newBackups?: string;
  /** A look that was taken before, 12 s or more ago: it saves waiting for the second one. */
  readonly earlier?: Sample;
  /** Only steps of these ids may be done; default: all. */
  readonly only?: ReadonlySet<string>;
  /** Asked once before a step that cannot be taken back. Default: yes. */
  readonly confirm?: (step: PlanStep, plan: ClusterPlan) => Promise<boolean>;
  /**
   * Asked before each step, whatever it is, with the plan that has it and what that was made from: why nothing more may be done; null:
   * go on. Default: nothing is forbidden but by the plan.
   */
  readonly forbid?: (plan: ClusterPlan, planned: PlanRequest) => Promise<LeftOver | null>;
  /** Who began it and why, for the audit log. */
  readonly occasion?: string;
  /** How long time and servers may be waited for in all. Default 15 minutes. */
  readonly maxWaitMs?: number;
  /** Goes into the manifests of backups that are made on the way. */
  readonly tool: string;
}

export interface RecoveryOptions {
  /** Stops between two steps, or leaves the one under way where that is clean, and says where it stands. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: RecoveryEvent) => void;
}

export type RecoveryEvent =
  /** The second look has to wait. */
  | { readonly kind: "looking"; readonly waitMs: number }
  | { readonly kind: "planned"; readonly plan: ClusterPlan }
  | { readonly kind: "waiting"; readonly step: PlanStep; readonly giveUpMs: number }
  | { readonly kind: "step-begun"; readonly step: PlanStep }
  /** What a step that is under way still lacks. */
  | { readonly kind: "progress"; readonly step: PlanStep; readonly text: string; readonly seconds: number }
  /** The cluster lost something, under a step that failed or in between: it is looked at again. */
  | { readonly kind: "changed"; readonly changes: readonly string[] }
  | { readonly kind: "step-ended"; readonly step: StepRecord };

/** One step that was begun: what the plan said of it, and what came of it. */
export interface StepRecord
  extends Pick<PlanStep, "id" | "kind" | "target" | "why" | "risk" | "precondition" | "undo" | "arguments"> {
  /** `done`: and verified. `unknown`: begun, and it is not known what came of it: look again. */
  readonly state: "done" | "failed" | "unknown";
  readonly begunAt: string;
  readonly seconds: number;
  /** What it was concluded from, before and after. */
  readonly evidence: readonly string[];
  readonly error: { readonly code: string; readonly message: string; readonly hint: string } | null;
}

/** What a recovery came to: plain JSON data. */
export interface RecoveryOutcome {
  readonly format: "relight-cluster-recovery";
  readonly formatVersion: 1;
  readonly begunAt: string;
  /** From the begin to the end, in seconds. */
  readonly seconds: number;
  readonly status: /** There was nothing to do. */
    | "whole"
    /** All was done and verified. */
    | "recovered"
    /** Something is left for a person, or for later. */
    | "left"
    /** A step failed. What does not hang on it was done all the same, where it was of one stream only. */
    | "failed"
    | "cancelled";
  /** One sentence for a person. */
  readonly summary: string;
  readonly steps: readonly StepRecord[];
  /** Ids of the steps that failed, and that no other attempt did. */
  readonly failed: readonly string[];
  /** Why it went no further, with the cure; empty where all is done. */
  readonly left: readonly LeftOver[];
  /** The plan at the end; null: none could be made. */
  readonly plan: ClusterPlan | null;
  readonly ledger: string;
  readonly audit: string;
}

export interface LeftOver {
  /** The account of which a credential is missing; not there where none is. */
  readonly account?: string;
  /** The step's id; null: it is about none. */
  readonly step: string | null;
  readonly text: string;
  readonly cure: string;
}
