import type { BlindSpot } from "../../cluster/what-is-unseen.ts";

/** What could not be seen, for a person: a line each, with how to see it. */
export function notSeenLines(spots: readonly BlindSpot[]): readonly string[] {
  return spots.map(({ what, cure, detail }) => `Not seen: ${what}${detail ? ` (${detail})` : ""}. To see it, ${cure}.`);
}
