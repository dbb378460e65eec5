import type { Blocker, PlanStep } from "../plan/cluster-plan.ts";

/** What an operator wants done to one stream's group. Servers by name or peer id. */
export type StreamChange =
  /** A server leaves the group; another takes its place. */
  | { readonly verb: "peer-remove"; readonly stream: string; readonly server: string }
  /** Another server leads. */
  | { readonly verb: "step-down"; readonly stream: string; readonly preferred: string | null }
  /** The replica on a living server goes to another, with what it holds. */
  | { readonly verb: "move"; readonly stream: string; readonly server: string };

/** What the change comes to in this cluster, and why it should not be made now. */
export interface ChangePlan {
  readonly step: PlanStep;
  /** Empty: it can be made. */
  readonly blockers: readonly Blocker[];
}
