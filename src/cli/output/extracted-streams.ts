import { ExitCode, RelightError } from "../../errors.ts";
import type { ExtractReport } from "../../operations/archive-extract/extract-archive.ts";
import type { ExtractedStream } from "../../operations/archive-extract/extract-streams.ts";
import { jsonError, reportError } from "../report-error.ts";
import { printJson } from "../run-local-command.ts";
import { formatBytes, plural } from "./format-values.ts";
import { exitCodeOf } from "./restore-report.ts";

/** What was done with one stream, or what would be. */
export function renderExtracted(report: ExtractReport, salvaged: boolean): string {
  const { status, stream, account, path, messages, firstSequence, lastSequence, consumers, bytes = 0 } = report;
  const content =
    plural(messages, "message") +
    (messages > 0 ? `, sequences ${firstSequence} to ${lastSequence}` : "") +
    `, ${plural(consumers.length, "consumer")}`;
  const lines =
    status === "planned"
      ? [`Stream "${stream}" would be extracted into account ${account}: ${content}`, `It would be in ${path}`]
      : [`Extracted stream "${stream}" into account ${account}: ${content}`, `${formatBytes(bytes)} in ${path}`];
  lines.push(
    ...report.changes.map((change) => `  change: ${change}`),
    ...report.notes.map((note) => `  note: ${note}`),
    status === "planned"
      ? `${salvaged ? "What can be read of the archive is proven" : "The archive is whole"}. Nothing was touched.`
      : "A server that is started on this store takes it up.",
  );
  return `${lines.join("\n")}\n`;
}

/** Prints what became of one stream of an account's backup: a line, and what is to be known. */
export function printExtracted(one: ExtractedStream, json: boolean): void {
  if (json) {
    printJson({ type: "result", ...extractedJson(one) });
    return;
  }
  if (one.status === "failed") {
    const { code, message, hint } = one.error;
    reportError(new RelightError(code, `${one.stream}: ${message}`, { hint }));
    return;
  }
  const { stream, messages, consumers, path, changes, notes } = one.report;
  process.stdout.write(
    `✓ ${stream}: ${plural(messages, "message")}, ${plural(consumers.length, "consumer")}, in ${path}\n` +
      [...changes, ...notes].map((line) => `  • ${line}\n`).join(""),
  );
}

/** Prints what became of all of them; returns the exit code. */
export function printAllExtracted(results: readonly ExtractedStream[], dryRun: boolean, json: boolean): ExitCode {
  const errors = results.flatMap((one) => (one.status === "failed" ? [one.error] : []));
  const code = exitCodeOf(errors, results.length);
  if (json) {
    const ok = code === ExitCode.ok;
    printJson({
      type: "summary",
      command: "archive extract",
      ok,
      exit_code: code,
      streams: results.map(extractedJson),
    });
    return code;
  }
  const good = results.length - errors.length;
  const failed = errors.length > 0 ? `, ${errors.length} FAILED` : "";
  process.stdout.write(
    `${good} of ${plural(results.length, "stream")} ${dryRun ? "would be extracted" : "extracted"}${failed}\n` +
      (dryRun ? "Nothing was touched.\n" : good > 0 ? "A server that is started on this store takes them up.\n" : ""),
  );
  return code;
}

function extractedJson(one: ExtractedStream): object {
  if (one.status === "failed") return { stream: one.stream, status: one.status, error: jsonError(one.error) };
  return one.report;
}
