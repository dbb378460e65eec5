import { readFile } from "node:fs/promises";
import type { ClusterPlan } from "../cluster/plan/cluster-plan.ts";
import { RelightError } from "../errors.ts";
import { fileSystemError } from "../operations/files/file-system-error.ts";

/** Reads what `cluster plan --json` printed. Throws USAGE for anything else, FILE_SYSTEM. */
export async function readPlanFile(path: string): Promise<ClusterPlan> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw fileSystemError(`cannot read ${path}`, error);
  }
  let plan: Partial<ClusterPlan> | null;
  try {
    plan = JSON.parse(text) as Partial<ClusterPlan> | null;
  } catch {
    plan = null;
  }
  const ours =
    plan?.format === "relight-cluster-plan" &&
    plan.formatVersion === 1 &&
    Array.isArray(plan.steps) &&
    plan.steps.every((step) => typeof step?.id === "string");
  if (!ours) {
    throw new RelightError("USAGE", `${path} is not a plan that this release can read`, {
      hint: "Make one: relight cluster plan --json > plan.json",
    });
  }
  return plan as ClusterPlan;
}
