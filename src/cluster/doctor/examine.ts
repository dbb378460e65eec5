import type { Picture } from "../picture.ts";
import { isSeen } from "../unseen.ts";
import { checkDivergence } from "./check-divergence.ts";
import { checkDurability } from "./check-durability.ts";
import { checkLeftovers } from "./check-leftovers.ts";
import { checkMembers } from "./check-members.ts";
import { checkLeaders, checkReplicas } from "./check-replicas.ts";
import { checkAnswers, checkBacklog, checkClocks } from "./check-servers.ts";
import { checkSingleCopies } from "./check-single-copies.ts";
import { checkSlack } from "./check-slack.ts";
import { checkSpread } from "./check-spread.ts";
import { checkStorage } from "./check-storage.ts";
import { checkVersions } from "./check-versions.ts";
import type { Check, Finding, Need, Severity } from "./finding.ts";

/** All checks that a picture alone is enough for, by number. */
export const checks: readonly Check[] = [
  checkSingleCopies,
  checkDurability,
  checkSpread,
  checkSlack,
  checkMembers,
  checkReplicas,
  checkLeaders,
  checkDivergence,
  checkStorage,
  checkVersions,
  checkBacklog,
  checkClocks,
  checkAnswers,
  checkLeftovers,
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

/** Every check over one picture. */
export function examine(picture: Picture): Examination {
  const findings: Finding[] = [];
  const passed: CheckName[] = [];
  const skipped: (CheckName & { why: string })[] = [];
  for (const { id, title, needs, examine: look } of checks) {
    const missing = needs.find((need) => lacks(picture, need));
    if (missing !== undefined) {
      skipped.push({ id, title, why: reasons[missing] });
      continue;
    }
    const found = look(picture);
    if (found.length === 0) passed.push({ id, title });
    findings.push(...found);
  }
  findings.sort((a, b) => rank[a.severity] - rank[b.severity]);
  return { findings, passed, skipped };
}

const reasons: Readonly<Record<Need, string>> = {
  "system-account": "needs a credential of the system account",
  account: "needs a credential of the account",
  "two-looks": "needs two looks, some seconds apart",
};

function lacks({ earlier, later }: Picture, need: Need): boolean {
  if (need === "two-looks") return earlier === null;
  return !isSeen(need === "account" ? later.sight.account : later.sight.system);
}
