import { styleText } from "node:util";
import type { Examination } from "../../cluster/doctor/examine.ts";
import type { Finding, Severity } from "../../cluster/doctor/finding.ts";
import type { BlindSpot } from "../../cluster/what-is-unseen.ts";
import { readable } from "./cluster-plan.ts";
import { plural } from "./format-values.ts";
import { notSeenLines } from "./not-seen-lines.ts";

/** So many lines of evidence are shown; --json has all. */
const shown = 12;

const marks: Readonly<Record<Severity, string>> = { critical: "CRITICAL", warning: "WARNING", info: "INFO" };
const colors = { critical: "red", warning: "yellow", info: "cyan" } as const;

/** What the doctor found, for a person: what is worst first, and what it could not look at last. */
export function renderFindings(examination: Examination, notSeen: readonly BlindSpot[], color: boolean): string {
  const { findings, passed, skipped } = examination;
  const lines = findings.flatMap((finding) => [...renderFinding(finding, color), ""]);
  const counts = (["critical", "warning", "info"] as const).map((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count === 0
      ? ""
      : severity === "info"
        ? `${count} to know`
        : plural(count, severity === "critical" ? "critical finding" : "warning");
  });
  const found = counts.filter((part) => part !== "").join(", ") || "nothing found";
  lines.push(`${found}; ${plural(passed.length, "check")} passed: ${passed.map(({ id }) => id).join(" ") || "none"}.`);
  for (const why of new Set(skipped.map((check) => check.why))) {
    const those = skipped.filter((check) => check.why === why);
    lines.push(`Not checked: ${those.map(({ id, title }) => `${id} ${title}`).join("; ")}: ${why}.`);
  }
  lines.push(...notSeenLines(notSeen));
  return `${lines.join("\n")}\n`;
}

function renderFinding({ id, severity, title, evidence, cure }: Finding, color: boolean): readonly string[] {
  const mark = color ? styleText(colors[severity], marks[severity], { validateStream: false }) : marks[severity];
  const rest = evidence.length - shown;
  return [
    `${mark} ${id}: ${title}`,
    ...evidence.slice(0, shown).map((line) => `    ${readable(line)}`),
    ...(rest > 0 ? [`    and ${rest} more (--json has all)`] : []),
    `  Cure: ${cure}`,
  ];
}
