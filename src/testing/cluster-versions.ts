/** The versions that tests of clusters run on: all that are told apart with `npm run test:cluster`, else those that are named. */
export function clusterVersions(...usual: readonly string[]): readonly string[] {
  const named = process.env.RELIGHT_CLUSTER_VERSIONS?.split(",");
  return named ?? (process.env.RELIGHT_CLUSTER === "all" ? ["2.9", "2.10", "2.15"] : usual);
}

/** Whether the wide tests run, too. */
export const wideClusterTests =
  process.env.RELIGHT_CLUSTER === "all" || process.env.RELIGHT_CLUSTER_VERSIONS !== undefined;
