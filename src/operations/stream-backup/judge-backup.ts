import type { ArchiveReport } from "../../formats/archive/archive-inspector.ts";
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
  /** Messages with sequences up to the start's last one that the archive had to hold at least. */
  readonly required: number;
  readonly found: number;
}

/**
 * Decides from the archive itself, and from the stream before and after, whether a snapshot is whole. Pure.
 *
 * A message has to be in the archive if it was there at the start and still is at the end. How many those are follows
 * from the counts: those at the end, less those that arrived meanwhile. On a stream that stands still the comparison is
 * exact; on a moving one it is a lower bound, since arrivals may have been removed as well.
 */
export function judgeBackup(evidence: BackupEvidence): BackupVerdict {
  const { before, after, state, report } = evidence;
  const problems: string[] = [];
  const notes: string[] = [];
  for (const problem of report.problems) {
    (problem.severity === "fatal" ? problems : notes).push(problem.message);
  }
  const lastAtStart = state.last_seq;
  const found = report.live.ranges.countUpTo(lastAtStart);
  if (after === undefined) {
    problems.push("the stream was deleted while the backup ran");
    return { complete: false, problems, notes, required: state.messages, found };
  }
  if (before.created !== after.created) {
    problems.push("the stream was deleted and created again while the backup ran");
  }
  const arrived = Math.max(0, after.state.last_seq - lastAtStart);
  const required = Math.max(0, Math.min(state.messages, after.state.messages - arrived));
  if (found < required) {
    problems.push(
      `the archive holds ${found} of the at least ${required} messages that were in the stream ` +
        `throughout (sequences up to ${lastAtStart})`,
    );
  }
  if (found > state.messages) {
    notes.push(`the archive holds ${found - state.messages} messages that the server did not count at the start`);
  }
  if (report.lastSequence < lastAtStart) {
    problems.push(`the archive ends at sequence ${report.lastSequence}, the stream at ${lastAtStart}`);
  }
  const beyond = report.live.messages - found;
  if (beyond > 0) notes.push(`${beyond} messages that arrived during the backup are in it as well`);
  return { complete: problems.length === 0, problems, notes, required, found };
}
