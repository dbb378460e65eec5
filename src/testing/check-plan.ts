import assert from "node:assert/strict";
import type { ClusterPlan, PlanStep } from "../cluster/plan/cluster-plan.ts";
import { planCluster } from "../cluster/plan/plan-cluster.ts";
import { type Situation, sketchRequest } from "./sketch-situation.ts";

/** One situation, and the plan that it must give. */
export interface PlanRow {
  readonly story: string;
  readonly situation: Situation;
  readonly outlook: ClusterPlan["outlook"];
  /** Ids and states: "peer-remove:n3 ready". */
  readonly steps: readonly string[];
}

/** One situation, and the steps that it must give, with whether each may be done unasked. */
export interface StepsRow {
  readonly story: string;
  readonly situation: Situation;
  /** Lines of `planLines`: "wait:healed:n3 later safe". */
  readonly steps: readonly string[];
}

export const planOf = (situation: Situation): ClusterPlan => planCluster(sketchRequest(situation));

export function checkPlan({ situation, outlook, steps }: PlanRow): void {
  const made = planOf(situation);
  assert.deepEqual([made.outlook, ...made.steps.map(({ id, state }) => `${id} ${state}`)], [outlook, ...steps]);
  assert.ok(made.summary.length > 0);
}

/** "peer-remove:n3 ready safe": id, state, and whether it may be done unasked. */
export const planLines = (situation: Situation): string[] =>
  planOf(situation).steps.map(({ id, state, safe }) => `${id} ${state}${safe ? " safe" : ""}`);

export const checkSteps = ({ situation, steps }: StepsRow): void => assert.deepEqual(planLines(situation), steps);

export function stepOf(situation: Situation, id: string): PlanStep {
  const found = planOf(situation).steps.find((one) => one.id === id);
  assert.ok(found, `no step ${id} in ${planLines(situation).join(", ")}`);
  return found;
}
