/** Versions that a scenario plays on: `all` with `npm run test:cluster`, and `quick` with `npm test`, where there may be none. */
export function scenarioVersions(all: readonly string[], quick: readonly string[] = []): readonly string[] {
  return process.env.RELIGHT_CLUSTER === "all" ? all : quick;
}
