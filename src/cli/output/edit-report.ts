import { ExitCode } from "../../errors.ts";
import type { DropReason } from "../../formats/edit/message-filter.ts";
import type { SalvageReport } from "../../formats/salvage/salvage-report.ts";
import type { EditResult } from "../../operations/archive-edit/edit-archive.ts";
import type { StoredStream } from "../../operations/stream-restore/read-backup.ts";
import { printJson } from "../run-local-command.ts";
import { formatBytes, formatCount, plural } from "./format-values.ts";
import type { ProgressLine } from "./progress-line.ts";
import { isIncomplete, salvageJson } from "./salvage-lines.ts";

const reasons: Readonly<Record<DropReason, string>> = {
  sequence: "by sequence",
  time: "by time",
  subject: "by subject",
  header: "by header",
  payload: "by payload",
  "per-subject": "as older than the newest of their subjects",
  "key-removed": "as older values or removed keys",
};

/** Shows how far the source was read. */
export function readingProgress(
  progress: ProgressLine,
  { stream, archiveBytes }: StoredStream,
): (bytes: number) => void {
  return (bytes) =>
    progress.update({ label: stream, phase: "reading", done: Math.min(bytes, archiveBytes), total: archiveBytes });
}

/** Prints what an edit did, for people or as a summary in JSON; returns the exit code. `salvage`: how its source was read. */
export function printEdit(
  result: EditResult,
  command: string,
  source: string,
  json: boolean,
  salvage?: SalvageReport,
): ExitCode {
  const exitCode = salvage && isIncomplete(salvage) ? ExitCode.incomplete : ExitCode.ok;
  if (json) {
    const salvaged = salvage ? { salvage: salvageJson(salvage) } : {};
    const summary = { type: "summary", command, ok: true, exit_code: exitCode };
    printJson({ ...summary, ...editSummary(result, source), ...salvaged });
  } else process.stdout.write(renderEdit(result, source));
  return exitCode;
}

/** What an edit did, for people. */
function renderEdit(result: EditResult, source: string): string {
  const { report, plan, directory, keyFile } = result;
  const dropped = Object.entries(report.dropped) as [DropReason, number][];
  const would = directory === undefined ? "Would keep" : "Kept";
  const lines = [
    `${would} ${formatCount(report.messages)} of ${plural(report.sourceMessages, "message")} of stream "${source}"` +
      (report.messages > 0
        ? `, sequences ${report.firstSequence} to ${report.lastMessage}, ${formatBytes(report.bytes)}`
        : "") +
      (report.lastSequence > report.lastMessage ? `; the stream goes on after sequence ${report.lastSequence}` : ""),
    ...dropped.map(([reason, count]) => `  ${formatCount(count)} dropped ${reasons[reason]}`),
    `${plural(report.consumers.length, "consumer")}${report.consumers.length > 0 ? `: ${report.consumers.join(", ")}` : ""}`,
    ...(result.notes.length > 0 ? ["Notes:", ...result.notes.map((note) => `  ${note}`)] : []),
    ...(keyFile ? [`The names that were replaced are in ${keyFile}: keep it secret, and apart from the backup`] : []),
    directory === undefined
      ? "Nothing was written"
      : `Stream "${plan.config.name}" is in ${directory}, as a ${plan.format} archive, read back and proven`,
  ];
  return `${lines.join("\n")}\n`;
}

/** The same in JSON. */
export function editSummary(result: EditResult, source: string): object {
  const { report, plan } = result;
  const { firstTime: _, lastTime: __, ...numbers } = report;
  return {
    source,
    stream: plan.config.name,
    format: plan.format,
    directory: result.directory ?? null,
    key_file: result.keyFile ?? null,
    messages: numbers.messages,
    source_messages: numbers.sourceMessages,
    bytes: numbers.bytes,
    first_seq: numbers.firstSequence,
    last_seq: numbers.lastSequence,
    dropped: numbers.dropped,
    consumers: numbers.consumers,
    dropped_consumers: numbers.droppedConsumers,
    dropped_pending: numbers.droppedPending,
    notes: result.notes,
  };
}
