import { isWide, scenarioVersions } from "./cluster-harness/scenario-versions.ts";

const named = process.env.RELIGHT_CLUSTER_VERSIONS?.split(",");

/** The versions that tests of clusters run on: all that are told apart with `npm run test:cluster`, else those that are named. */
export function clusterVersions(...usual: readonly string[]): readonly string[] {
  return named ?? scenarioVersions(["2.9", "2.10", "2.15"], usual);
}

/** Whether the wide tests run, too. */
export const wideClusterTests = isWide || named !== undefined;
