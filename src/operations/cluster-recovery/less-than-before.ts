import type { StreamStanding } from "../../cluster/plan/stream-standing.ts";
import type { View } from "../../cluster/plan/view.ts";

/** A stream that had a leader must not hold less than it did then. */
export function lessThanBefore({ key, state }: StreamStanding, before: View): readonly string[] {
  const was = before.streams.find((one) => one.key === key)?.state?.lastSeq ?? null;
  if (was === null || state === null || state.lastSeq >= was) return [];
  return [`${key} ends at ${state.lastSeq}, and ended at ${was}`];
}
