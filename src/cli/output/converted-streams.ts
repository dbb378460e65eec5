import { ExitCode, RelightError } from "../../errors.ts";
import type { ConvertedStream } from "../../operations/archive-edit/convert-account.ts";
import { jsonError, reportError } from "../report-error.ts";
import { printJson } from "../run-local-command.ts";
import { editSummary } from "./edit-report.ts";
import { plural } from "./format-values.ts";
import { exitCodeOf } from "./restore-report.ts";
import { isIncomplete, salvageJson } from "./salvage-lines.ts";

/** Prints what became of one stream of an account's backup: a line, and its notes. */
export function printConverted(one: ConvertedStream, json: boolean): void {
  if (json) {
    printJson({ type: "result", ...convertedJson(one) });
    return;
  }
  if (one.status === "failed") {
    const { code, message, hint } = one.error;
    reportError(new RelightError(code, `${one.stream}: ${message}`, { hint }));
    return;
  }
  const { report, plan, directory, notes } = one.result;
  const dropped = report.sourceMessages - report.messages;
  process.stdout.write(
    `✓ ${plan.config.name}: ${plural(report.messages, "message")}${dropped > 0 ? ` of ${report.sourceMessages}` : ""}, ` +
      `${plural(report.consumers.length, "consumer")}, ${plan.format}${directory === undefined ? "" : `, in ${directory}`}\n` +
      notes.map((note) => `  • ${note}\n`).join(""),
  );
}

/** Prints what became of all of them; returns the exit code. */
export function printAllConverted(
  results: readonly ConvertedStream[],
  notes: readonly string[],
  json: boolean,
  dryRun: boolean,
): ExitCode {
  const errors = results.flatMap((one) => (one.status === "failed" ? [one.error] : []));
  const lossy = results.some((one) => one.status === "converted" && one.salvage && isIncomplete(one.salvage));
  const failed = exitCodeOf(errors, results.length);
  const code = failed === ExitCode.ok && lossy ? ExitCode.incomplete : failed;
  if (json) {
    const ok = failed === ExitCode.ok;
    const streams = results.map(convertedJson);
    printJson({ type: "summary", command: "archive convert", ok, exit_code: code, streams, notes });
  } else {
    const good = results.length - errors.length;
    process.stdout.write(
      `${good} of ${plural(results.length, "stream")} ${dryRun ? "would be converted" : "converted"}${errors.length > 0 ? `, ${errors.length} FAILED` : ""}\n` +
        (dryRun ? "Nothing was written\n" : ""),
    );
  }
  return code;
}

function convertedJson(one: ConvertedStream): object {
  if (one.status === "failed") return { stream: one.stream, status: one.status, error: jsonError(one.error) };
  const { result, salvage } = one;
  return {
    status: one.status,
    ...editSummary(result, one.stream),
    ...(salvage ? { salvage: salvageJson(salvage) } : {}),
  };
}
