import type { ArchiveReport } from "../../formats/archive/archive-inspector.ts";
import { SequenceRanges } from "../../formats/sequence-ranges.ts";
import type { StreamInfo, StreamState } from "../../jetstream/api-types.ts";

export interface BackupEvidence {
  readonly before: StreamInfo;
  /** Undefined where the stream was gone afterwards. */
  readonly after: StreamInfo | undefined;
  /** The state that the snapshot's answer gave. */
  readonly state: StreamState;
  readonly report: ArchiveReport;
}

export interface BackupVerdict {
  readonly complete: boolean;
  /** Why it is not complete. */
  readonly problems: readonly string[];
  /** What is worth saying about a complete one. */
  readonly notes: readonly string[];
  /** Messages that were there at the start and still are: how many there are at least, and how many the archive holds. */
  readonly required: number;
  readonly found: number;
}

/**
 * Decides from the archive itself, and from the stream before and after, whether a snapshot is whole. Pure.
 *
 * A message has to be in the archive if it was there at the start and still is at the end. How many those are follows
 * from the counts: those at the end, less those that arrived meanwhile. They are looked for from the first sequence at the
 * end on, so that messages which limits have removed since do not stand in for ones that are missing. That is exact where
 * messages only arrive and go at the head; a lower bound where arrivals were removed as well.
 */
export function judgeBackup(evidence: BackupEvidence): BackupVerdict {
  const { before, after, state, report } = evidence;
  const problems: string[] = [];
  const notes: string[] = [];
  for (const problem of report.problems) {
    (problem.severity === "fatal" ? problems : notes).push(problem.message);
  }
  const lastAtStart = state.last_seq;
  const upToStart = report.live.ranges.countUpTo(lastAtStart);
  if (after === undefined) {
    problems.push("the stream was deleted while the backup ran");
    return { complete: false, problems, notes, required: state.messages, found: upToStart };
  }
  if (before.created !== after.created) {
    problems.push("the stream was deleted and created again while the backup ran");
  }
  if (before.state.last_seq > lastAtStart) {
    notes.push(
      `the stream had reached sequence ${before.state.last_seq} before, its snapshot says ${lastAtStart}: ` +
        "its server gives sequences out a second time",
    );
  }
  const arrived = Math.max(0, after.state.last_seq - lastAtStart);
  const required = Math.max(0, Math.min(state.messages, after.state.messages - arrived));
  const firstAtEnd = Math.min(after.state.first_seq, lastAtStart + 1);
  const found = upToStart - report.live.ranges.countUpTo(firstAtEnd - 1);
  if (found < required) {
    const deleted = after.state.last_seq - after.state.first_seq + 1 - after.state.messages;
    const missing = deleted === 0 ? `; missing: ${gaps(report.live.ranges, firstAtEnd, lastAtStart)}` : "";
    problems.push(
      `the archive holds ${found} of the at least ${required} messages that were in the stream ` +
        `throughout (sequences ${firstAtEnd} to ${lastAtStart})${missing}`,
    );
  }
  if (upToStart > state.messages) {
    notes.push(`the archive holds ${upToStart - state.messages} messages that the server did not count at the start`);
  }
  if (report.lastSequence < lastAtStart) {
    problems.push(`the archive ends at sequence ${report.lastSequence}, the stream at ${lastAtStart}`);
  }
  const beyond = report.live.messages - upToStart;
  if (beyond > 0) notes.push(`${beyond} messages that arrived during the backup are in it as well`);
  return { complete: problems.length === 0, problems, notes, required, found };
}

const mostGaps = 5;

/** The sequences from `first` to `last` that are not in `ranges`: "7, 20-31". */
function gaps(ranges: SequenceRanges, first: number, last: number): string {
  const missing = SequenceRanges.from([[first, last]]).difference(ranges);
  const named: string[] = [];
  for (const [from, to] of missing) {
    if (named.length === mostGaps) return `${named.join(", ")}, ...`;
    named.push(from === to ? `${from}` : `${from}-${to}`);
  }
  return named.join(", ");
}
