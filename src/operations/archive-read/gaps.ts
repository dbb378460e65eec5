import type { ArchiveReport } from "../../formats/archive/archive-inspector.ts";
import type { SequenceRanges } from "../../formats/sequence-ranges.ts";

/**
 * Why a sequence holds no message: `lost`, `deleted`, `erased` and `removed` as the archive's records and its index say;
 * `absent`: no record of it is left; `unknown`: archives of this format do not say.
 */
export const gapReasons = ["lost", "deleted", "erased", "removed", "absent", "unknown"] as const;
export type GapReason = (typeof gapReasons)[number];
/** How many sequences for which reason; those that are none are left out. */
export type ReasonCounts = Partial<Record<GapReason, number>>;

/** Sequences without a message, between the first message and the last sequence. */
export interface Gap {
  readonly first: number;
  readonly last: number;
  readonly reasons: ReasonCounts;
}

export interface Gaps {
  readonly count: number;
  readonly sequences: number;
  /** Of all gaps. */
  readonly reasons: ReasonCounts;
  /** The largest few, in ascending order. */
  readonly largest: readonly Gap[];
}

type Run = Pick<Gap, "first" | "last">;

const shownGaps = 10;
const bySize = (a: Run, b: Run): number => b.last - b.first - (a.last - a.first);

/** The gaps of an archive, whose `gone` tells why. Pure. */
export function gapsOf({ live, lastSequence, gone, format }: ArchiveReport): Gaps {
  let [count, sequences, before] = [0, 0, 0];
  const largest: Run[] = [];
  const add = (first: number, last: number): void => {
    if (before === 0 || last < first) return;
    count++;
    sequences += last - first + 1;
    largest.push({ first, last });
    if (largest.length <= 4 * shownGaps) return;
    largest.sort(bySize);
    largest.length = shownGaps;
  };
  for (const [first, last] of live.ranges) {
    add(before + 1, first - 1);
    before = last;
  }
  add(before + 1, lastSequence);
  const why = ({ first, last }: Run, holes: number): ReasonCounts => reasonsOf(gone, format, { first, last }, holes);
  return {
    count,
    sequences,
    reasons: count === 0 ? {} : why({ first: live.firstSequence, last: lastSequence }, sequences),
    largest: largest
      .sort(bySize)
      .slice(0, shownGaps)
      .sort((a, b) => a.first - b.first)
      .map((run) => ({ ...run, reasons: why(run, run.last - run.first + 1) })),
  };
}

/** Of the `holes` sequences without a message between two sequences. */
function reasonsOf(
  gone: ArchiveReport["gone"],
  format: "v1" | "v2",
  { first, last }: Run,
  holes: number,
): ReasonCounts {
  const counts: ReasonCounts = {};
  let rest = holes;
  for (const reason of ["lost", "deleted", "erased", "removed"] as const) {
    const found = gone ? countWithin(gone[reason], first, last) : 0;
    if (found > 0) counts[reason] = found;
    rest -= found;
  }
  if (rest > 0) counts[format === "v1" && gone ? "absent" : "unknown"] = rest;
  return counts;
}

const countWithin = (ranges: SequenceRanges, first: number, last: number): number =>
  ranges.countUpTo(last) - ranges.countUpTo(first - 1);
