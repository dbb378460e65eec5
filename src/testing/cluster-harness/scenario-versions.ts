/** True with `npm run test:cluster`: every story on every version. `npm test` has the most telling ones only. */
export const isWide = process.env.RELIGHT_CLUSTER === "all";

/** Versions that a story plays on: `all` with `npm run test:cluster`, `quick` with `npm test`. */
export function scenarioVersions(all: readonly string[], quick: readonly string[]): readonly string[] {
  return isWide ? all : quick;
}
