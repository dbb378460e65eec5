import type { VersionHazard } from "../version-hazards.ts";

/**
 * What recovers a cluster, in order: plain JSON data. A plan is true of the moment that it was made for. Whoever carries it out
 * looks again before each step and plans again; a step may be done only while the new plan has it too, as `ready`.
 */
export interface ClusterPlan {
  readonly format: "relight-cluster-plan";
  readonly formatVersion: 1;
  /** When the picture was taken that it is made from. RFC 3339, as all times here. */
  readonly takenAt: string;
  readonly plannedAt: string;
  readonly outlook: Outlook;
  /** One sentence for a person. */
  readonly summary: string;
  /** Relight can do all of it, also where that is nothing. False: something is left for a person. */
  readonly complete: boolean;
  readonly versions: readonly string[];
  readonly hazards: readonly VersionHazard[];
  readonly steps: readonly PlanStep[];
  /** For a person: what to know besides. */
  readonly notes: readonly string[];
}

export type Outlook =
  /** Nothing to do. */
  | "whole"
  /** There are steps that can be done. */
  | "act"
  /** Nothing can be done now but wait. */
  | "wait"
  /** Nothing may be done: a partition, two possible leaders, or too little is seen. */
  | "hold"
  /** Only a person can go on. */
  | "blocked";

export type StepKind =
  | "wait"
  /** A person looks, decides or repairs: Relight has no safe way. */
  | "ask"
  | "add-node"
  | "back-up-first"
  | "salvage"
  | "peer-remove"
  | "scale-down"
  | "scale-up"
  | "step-down"
  | "move"
  | "cancel-move"
  | "evacuate"
  | "meta-rescue"
  | "delete-stub"
  | "restore";

/** What a step is about; null where it is about none. */
export interface StepTarget {
  readonly server: string | null;
  /** The Raft peer id of the server. */
  readonly peer: string | null;
  readonly account: string | null;
  readonly stream: string | null;
  readonly consumer: string | null;
}

export type StepState =
  /** Can be done now. */
  | "ready"
  /** Other steps come first. */
  | "later"
  /** Time or the cluster has to pass first: see `until`. */
  | "waiting"
  /** Something only a person can change: see `blockers`. */
  | "blocked";

export interface PlanStep {
  /** Names the same step in every plan of the same trouble: "peer-remove:n2", "restore:APP/ORDERS". */
  readonly id: string;
  readonly kind: StepKind;
  readonly target: StepTarget;
  readonly by: "relight" | "operator";
  readonly why: string;
  /** What it may cost. */
  readonly risk: string;
  /** What must hold at the moment that it is done. */
  readonly precondition: readonly Condition[];
  /** Ids of the steps that must be done first. */
  readonly after: readonly string[];
  readonly verify: Verification;
  /** How to take it back; null: there is no way back. */
  readonly undo: string | null;
  /** May be done without asking a person. */
  readonly safe: boolean;
  readonly state: StepState;
  /** When it can go on, where that is known. */
  readonly until: string | null;
  readonly blockers: readonly Blocker[];
  /** What it was concluded from. */
  readonly evidence: readonly string[];
  readonly arguments: StepArguments;
}

/** The particulars for whoever carries it out; null where it has none. */
export interface StepArguments {
  /** scale-down, scale-up: the new number. */
  readonly replicas: number | null;
  /** meta-rescue: the quorum asked for. */
  readonly quorumNeeded: number | null;
  /** restore: the backup's directory. */
  readonly backup: string | null;
  /** restore: when the stream was created that the backup is of, where it says so. */
  readonly created: string | null;
  /** move: where to. step-down: who should lead. */
  readonly preferred: string | null;
  /** verify: the last sequence that it must reach. */
  readonly lastSeq: number | null;
  /** add-node: where the operator accepts fewer replicas, all or some of what waits for it goes on without. */
  readonly fewerWillDo: boolean | null;
}

export interface Verification {
  /** How it is seen to be done, for a person. */
  readonly text: string;
  readonly done:
    | "leader-stable"
    | "member-current"
    | "member-gone-and-healed"
    | "replicas-current"
    | "survivor-leads"
    | "server-empty"
    | "offline-flagged"
    | "one-meta-leader"
    | "backup-proven"
    | "stream-gone"
    | "content-equal"
    | "person";
  readonly pollMs: number;
  /** Without progress for this long it has failed. */
  readonly giveUpMs: number;
}

export interface Condition {
  readonly code: ConditionCode;
  readonly text: string;
}

export type ConditionCode =
  | "one-meta-leader"
  | "no-meta-leader"
  | "meta-quorum"
  | "server-silent"
  | "server-answers"
  | "offline-flagged"
  | "no-change-in-flight"
  | "streams-at-quorum"
  | "survivor-has-data"
  | "r1-covered"
  | "candidates"
  | "stub-empty"
  | "inventory-complete"
  | "fenced";

/** Why a step cannot be done, and what a person can do about it. */
export interface Blocker {
  readonly code: string;
  readonly text: string;
  readonly cure: string;
}
