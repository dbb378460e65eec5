import type { Picture } from "../picture.ts";
import { isSeen } from "../unseen.ts";
import type { Background } from "./background.ts";
import { checkBackups } from "./check-backups.ts";
import { checkContent } from "./check-content.ts";
import { checkDivergence } from "./check-divergence.ts";
import { checkDurability } from "./check-durability.ts";
import { checkLeftovers } from "./check-leftovers.ts";
import { checkLoad } from "./check-load.ts";
import { checkMembers } from "./check-members.ts";
import { checkMonitoring } from "./check-monitoring.ts";
import { checkRegressions } from "./check-regressions.ts";
import { checkLeaders, checkReplicas } from "./check-replicas.ts";
import { checkReturned } from "./check-returned.ts";
import { checkAnswers, checkBacklog, checkClocks } from "./check-servers.ts";
import { checkSingleCopies } from "./check-single-copies.ts";
import { checkSlack } from "./check-slack.ts";
import { checkSpread } from "./check-spread.ts";
import { checkStorage } from "./check-storage.ts";
import { checkVersions } from "./check-versions.ts";
import type { Check, Finding, Need, Severity } from "./finding.ts";

/** All checks, by number. */
export const checks: readonly Check[] = [
  checkSingleCopies,
  checkBackups,
  checkDurability,
  checkSpread,
  checkSlack,
  checkMembers,
  checkReplicas,
  checkLeaders,
  checkDivergence,
  checkRegressions,
  checkContent,
  checkStorage,
  checkVersions,
  checkReturned,
  checkBacklog,
  checkClocks,
  checkAnswers,
  checkMonitoring,
  checkLeftovers,
  checkLoad,
];

export interface Examination {
  /** What is worst comes first, then by number. */
  readonly findings: readonly Finding[];
  readonly passed: readonly CheckName[];
  /** Checks that could not be made. That nothing was found there says nothing. */
  readonly skipped: readonly (CheckName & { readonly why: string })[];
}

export type CheckName = Pick<Check, "id" | "title">;

const rank: Readonly<Record<Severity, number>> = { critical: 0, warning: 1, info: 2 };

/** Every check over one picture, and what else is known. */
export function examine(picture: Picture, background: Background = { now: picture.later.takenAt }): Examination {
  const findings: Finding[] = [];
  const passed: CheckName[] = [];
  const skipped: (CheckName & { why: string })[] = [];
  for (const { id, title, needs, examine: look } of checks) {
    const missing = needs.find((need) => lacks(picture, background, need));
    if (missing !== undefined) {
      skipped.push({ id, title, why: reasons[missing] });
      continue;
    }
    const found = look(picture, background);
    if (found.length === 0) passed.push({ id, title });
    findings.push(...found);
  }
  findings.sort((a, b) => rank[a.severity] - rank[b.severity]);
  return { findings, passed, skipped };
}

const reasons: Readonly<Record<Need, string>> = {
  "system-account": "needs a credential of the system account",
  "two-looks": "needs two looks, some seconds apart",
  ledger: "needs what was seen before: from the second run on, and not with --no-ledger",
  backups: "needs to know where the backups are: --backups <dir>",
  content: "needs every replica to be read: --deep",
  monitoring: "needs the servers' own word where they listen",
};

function lacks({ earlier, later }: Picture, background: Background, need: Need): boolean {
  switch (need) {
    case "two-looks":
      return earlier === null;
    case "system-account":
      return !isSeen(later.sight.system);
    case "ledger":
      return background.ledger === undefined;
    case "backups":
      return background.backups === undefined;
    case "content":
      return background.verified === undefined;
    case "monitoring":
      return background.monitoring === undefined;
  }
}
