import type { StreamComparison } from "./compare-content.ts";

/** What happens in a drill, as it happens. Times in seconds. */
export type DrillEvent =
  | { readonly kind: "started"; readonly version: string; readonly servers: readonly string[] }
  | {
      readonly kind: "loaded";
      readonly stream: string;
      readonly replicas: number;
      readonly messages: number;
      readonly consumers: number;
      readonly unacknowledged: number;
      readonly homes: readonly string[];
    }
  | { readonly kind: "spare"; readonly server: string }
  | { readonly kind: "backed-up"; readonly streams: number; readonly bytes: number; readonly seconds: number }
  | { readonly kind: "killed"; readonly server: string; readonly lost: readonly LostReplica[] }
  | { readonly kind: "written"; readonly stream: string; readonly messages: number }
  /** The cluster misses the server; `waitMs` until the second look. */
  | { readonly kind: "missed"; readonly server: string; readonly seconds: number; readonly waitMs: number }
  | { readonly kind: "declared-gone"; readonly server: string }
  | { readonly kind: "step"; readonly step: DrillStep }
  | { readonly kind: "recovered"; readonly seconds: number; readonly whole: boolean; readonly left: readonly string[] }
  | { readonly kind: "compared"; readonly comparison: StreamComparison };

export interface LostReplica {
  readonly stream: string;
  /** Replicas that are left on other servers. */
  readonly left: number;
}

/** A step of the recovery that was carried out. */
export interface DrillStep {
  readonly id: string;
  readonly kind: string;
  readonly why: string;
  readonly state: "done" | "failed";
  readonly seconds: number;
}

export interface DrillReport {
  readonly version: string;
  readonly servers: readonly string[];
  readonly spare: string;
  readonly killed: string;
  readonly lost: readonly LostReplica[];
  readonly steps: readonly DrillStep[];
  /** The recovery left nothing to do. */
  readonly whole: boolean;
  /** What it left for a person. */
  readonly left: readonly string[];
  readonly streams: readonly StreamComparison[];
  /** The same everywhere, and nothing left. */
  readonly passed: boolean;
  readonly seconds: DrillTimes;
  /** Where the backup, the audit log and the servers' logs are; null: removed. */
  readonly directory: string | null;
}

/** In seconds. */
export interface DrillTimes {
  readonly start: number;
  readonly load: number;
  readonly backup: number;
  /** From the kill until the cluster missed the server. */
  readonly missed: number;
  /** From "declared gone" to "all replicas current and verified". */
  readonly recovery: number;
  readonly compare: number;
  readonly total: number;
}
