import { isRelightError } from "../src/errors.ts";
import { findServer } from "../src/local/find-server.ts";

/**
 * Finds or fetches a server of each version, so that a download or a build is not counted against a test's time; tells of
 * each. Resolves with an explanation for every version that cannot be had.
 */
export async function prepareServers(
  versions: readonly string[],
  tell: (text: string) => void,
): Promise<readonly string[]> {
  const outcomes = await Promise.all(
    versions.map(async (wanted) => {
      try {
        const onStep = (text: string): void => tell(`${text} ...`);
        const { version, from, path } = await findServer({ version: wanted, onStep });
        tell(`nats-server ${version}: ${path} (${from})`);
        return undefined;
      } catch (error) {
        if (!isRelightError(error)) throw error;
        return `${error.message}\n${error.hint}`;
      }
    }),
  );
  return outcomes.filter((outcome) => outcome !== undefined);
}
