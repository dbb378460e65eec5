import type { SequenceRun } from "../../cluster/verify/verified-stream.ts";

/** Sequences read at each place. */
const windowSize = 200;

/**
 * The two ends of a stream, and places by chance in between, one in each equal part of it: about `messages` sequences in all.
 * `random`: 0 to 1, for tests.
 */
export function sampleRanges(
  [first, last]: SequenceRun,
  messages: number,
  random: () => number = Math.random,
): readonly SequenceRun[] {
  const windows = Math.max(2, Math.ceil(messages / windowSize));
  const size = Math.max(1, Math.ceil(messages / windows));
  if (last - first + 1 <= windows * size) return [[first, last]];
  const runs: SequenceRun[] = [[first, first + size - 1]];
  const part = (last - first + 1) / windows;
  for (let index = 1; index < windows - 1; index++) {
    const begin = Math.floor(first + index * part);
    const at = begin + Math.floor(random() * Math.max(1, Math.floor(part) - size));
    runs.push([at, Math.min(at + size - 1, last)]);
  }
  runs.push([last - size + 1, last]);
  // Places beside each other become one.
  const merged: SequenceRun[] = [];
  for (const [from, through] of runs) {
    const before = merged.at(-1);
    if (before && from <= before[1] + 1) merged[merged.length - 1] = [before[0], Math.max(before[1], through)];
    else merged.push([from, through]);
  }
  return merged;
}
