import type { ArchiveProblem, ArchiveReport } from "./archive-report.ts";

type Problem = Pick<ArchiveProblem, "code" | "severity" | "message" | "first">;

/** What is to be known of an archive. */
export interface HeldAgainstStart<Found extends Problem> extends Pick<ArchiveReport, "format" | "lastSequence"> {
  readonly problems: readonly Found[];
}

/**
 * The problems of an archive, seen with what the server answered when its snapshot began: messages that were live then, and still
 * when the index was written at the end, did not come too late; and a stream never falls back behind a sequence that it had. What is
 * missing at the end of an archive shows nowhere else. `lastAtStart`: the stream's last sequence, in that answer. Pure.
 */
export function withLossesAtStart<Found extends Problem>(
  { format, lastSequence, problems }: HeldAgainstStart<Found>,
  lastAtStart: number | undefined,
): (Found | ArchiveProblem)[] {
  if (lastAtStart === undefined) return [...problems];
  const seen = problems.map((problem) => {
    const { code, first } = problem;
    if (code !== "newer-than-copy" || first === undefined || first > lastAtStart) return problem;
    const message = `messages from sequence ${first} on are missing: the stream held them when its snapshot began, up to ${lastAtStart}`;
    return { ...problem, severity: "fatal", message } as Found;
  });
  // A v2 archive has a mark at its end, and says itself where the stream ended.
  if (format === "v2" || lastSequence >= lastAtStart) return seen;
  if (seen.some(({ code, severity }) => code === "newer-than-copy" && severity === "fatal")) return seen;
  const message = `the archive ends at sequence ${lastSequence}, and the stream was at ${lastAtStart} when its snapshot began: what lay between, if it was not deleted, is missing`;
  return [...seen, { code: "ends-early", severity: "fatal", message, first: lastSequence + 1, last: lastAtStart }];
}

/** The last sequence in a state as `backup.json` has it; undefined where it says none. */
export function lastOfState(state: { readonly [key: string]: unknown } | undefined): number | undefined {
  const last = state?.last_seq;
  return typeof last === "number" ? last : undefined;
}
