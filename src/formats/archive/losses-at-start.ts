import type { ArchiveProblem } from "./archive-report.ts";

/**
 * The problems of an archive, seen with what the server answered when its snapshot began: messages that were live then, and still
 * when the index was written at the end, did not come too late. A block that was skipped at the end of the archive shows nowhere
 * else. `lastSequence`: the stream's, in that answer. Pure.
 */
export function withLossesAtStart<Problem extends Pick<ArchiveProblem, "code" | "severity" | "message" | "first">>(
  problems: readonly Problem[],
  lastSequence: number | undefined,
): Problem[] {
  return problems.map((problem) => {
    const { code, first } = problem;
    if (code !== "newer-than-copy" || first === undefined || lastSequence === undefined || first > lastSequence)
      return problem;
    const message = `messages from sequence ${first} on are missing: the stream held them when its snapshot began, up to ${lastSequence}`;
    return { ...problem, severity: "fatal", message };
  });
}

/** The last sequence in a state as `backup.json` has it; undefined where it says none. */
export function lastOfState(state: { readonly [key: string]: unknown } | undefined): number | undefined {
  const last = state?.last_seq;
  return typeof last === "number" ? last : undefined;
}
