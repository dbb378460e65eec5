import { styleText } from "node:util";
import { ExitCode } from "../../errors.ts";
import type { ChangeOutcome } from "../../operations/cluster-change/change-outcome.ts";
import { printJson } from "../run-local-command.ts";
import { readable } from "./cluster-plan.ts";
import { useColor } from "./use-color.ts";

type Status = ChangeOutcome["status"];

const marks = {
  done: ["ok", "green"],
  nothing: ["ok", "green"],
  planned: ["ok", "green"],
  refused: ["REFUSED", "yellow"],
  declined: ["NOT DONE", "yellow"],
  failed: ["FAILED", "red"],
  cancelled: ["CANCELLED", "yellow"],
} as const satisfies Readonly<Record<Status, readonly [string, string]>>;

const exitCodes: Readonly<Record<Status, ExitCode>> = {
  done: ExitCode.ok,
  nothing: ExitCode.ok,
  planned: ExitCode.ok,
  refused: ExitCode.incomplete,
  declined: ExitCode.incomplete,
  failed: ExitCode.failed,
  cancelled: ExitCode.cancelled,
};

/** Something that is done but leaves work for a person is not all there was to do. */
export const changeExitCode = ({ status, left }: ChangeOutcome): ExitCode =>
  status === "done" && left.length > 0 ? ExitCode.incomplete : exitCodes[status];

/** Writes what came of a change to stdout, for a person or as JSON. */
export function reportChange(outcome: ChangeOutcome, json: boolean): void {
  if (json) printJson(outcome);
  else process.stdout.write(renderChange(outcome, useColor()));
}

/** What came of a change, for a person: why it was refused and how that is cured, or what was done and what it costs. */
export function renderChange(outcome: ChangeOutcome, color: boolean): string {
  const { status, summary, step, blockers, forced, record, left, audit } = outcome;
  const [mark, paint] = marks[status];
  const lines = [`${color ? styleText(paint, mark, { validateStream: false }) : mark}  ${readable(summary)}`];
  if (step && (status === "planned" || status === "refused")) {
    if (status === "planned") lines.push(`     Risk: ${step.risk}`);
    lines.push(...step.evidence.map((text) => `     Seen: ${readable(text)}`));
  }
  if (status !== "nothing" && blockers.length > 0) {
    lines.push("", forced ? "What spoke against it:" : "What speaks against it:");
    for (const { text, cure } of blockers) lines.push(`  - ${readable(text)}`, `    ${readable(cure)}`);
  }
  if (record?.error) lines.push(`     ${record.error.hint}`);
  if (left.length > 0) lines.push("", "Left to be done:", ...left.map((text) => `  - ${readable(text)}`));
  if (audit !== null) lines.push("", `What was done is in ${audit}.`);
  return `${lines.join("\n")}\n`;
}
