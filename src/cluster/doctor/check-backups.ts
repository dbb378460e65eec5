import type { BackupCover } from "../plan/plan-request.ts";
import { defaultThresholds } from "../plan/plan-request.ts";
import { seenOr } from "../unseen.ts";
import { allStreams, type Check, finding, streamLabel } from "./finding.ts";

/** D2: streams that are in no backup, in an old one, or hold less than their backup. */
export const checkBackups: Check = {
  id: "D2",
  title: "backups of the streams, their age and what they lack",
  needs: ["backups"],
  examine: ({ later }, { backups = [], now }) => {
    const missing: string[] = [];
    const old: string[] = [];
    const ahead: string[] = [];
    const streams = allStreams(later);
    for (const stream of streams) {
      const alone = streams.filter(({ name }) => name === stream.name).length === 1;
      const backup = bestOf(backups, stream.account, stream.name, alone);
      const lastSeq = seenOr(stream.state, null)?.lastSeq ?? null;
      const label = streamLabel(stream);
      if (backup === undefined) {
        // An empty stream has nothing to lose but its configuration.
        if (lastSeq !== 0) missing.push(label);
        continue;
      }
      const lacks = lastSeq === null ? 0 : lastSeq - backup.lastSeq;
      const ageMs = Date.parse(now) - Date.parse(backup.takenAt);
      if (lacks < 0)
        ahead.push(`${label}: ends at ${lastSeq}, and its backup of ${backup.takenAt} at ${backup.lastSeq}`);
      else if (ageMs > defaultThresholds.freshBackupMs && lacks > 0) {
        old.push(
          `${label}: ${Math.floor(ageMs / 3_600_000)} h old, lacks the last ${lacks} sequences (${backup.path})`,
        );
      }
    }
    return [
      ...finding(
        "D2",
        "critical",
        "These streams end before their backups do: they lost messages, or began anew.",
        ahead,
        "Keep these backups, and see what can be got back: relight cluster plan --backups <dir>.",
      ),
      ...finding(
        "D2",
        "warning",
        "These streams are in no proven backup.",
        missing,
        "Back them up: relight account backup <dir>.",
      ),
      ...finding(
        "D2",
        "warning",
        "Backups of these streams are more than a day old.",
        old,
        "Back them up on a schedule.",
      ),
    ];
  },
};

function bestOf(
  backups: readonly BackupCover[],
  account: string,
  name: string,
  alone: boolean,
): BackupCover | undefined {
  return backups
    .filter(({ stream, proven }) => stream === name && proven)
    .filter((one) => one.account === account || (one.account === null && alone))
    .sort((a, b) => b.lastSeq - a.lastSeq || (a.takenAt < b.takenAt ? 1 : -1))
    .at(0);
}
