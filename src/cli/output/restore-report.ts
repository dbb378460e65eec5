import { ExitCode, type RelightError } from "../../errors.ts";
import type { StreamRestoreEvent } from "../../operations/stream-restore/restore-events.ts";
import type { RestorePlan } from "../../operations/stream-restore/restore-plan.ts";
import type { StreamRestoreResult } from "../../operations/stream-restore/restore-streams.ts";
import { jsonError, reportError } from "../report-error.ts";
import { printJson } from "../run-local-command.ts";
import { formatCount, formatSeconds, plural } from "./format-values.ts";
import type { ProgressLine } from "./progress-line.ts";
import { renderStreamInfo } from "./stream-details.ts";

/** Turns events into the progress line and messages, or into JSON lines. */
export function restoreReporter(progress: ProgressLine, json: boolean): (event: StreamRestoreEvent) => void {
  const lastJson = { kind: "", at: 0 };
  return (event) => {
    if (json) {
      if (event.kind === "checking" || event.kind === "sending") {
        if (event.kind === lastJson.kind && Date.now() - lastJson.at < 1_000) return;
        Object.assign(lastJson, { kind: event.kind, at: Date.now() });
      }
      printJson({ type: event.kind, ...event, kind: undefined });
      return;
    }
    switch (event.kind) {
      case "checking":
      case "sending":
        progress.update({ label: event.stream, phase: event.kind, done: event.bytes, total: event.totalBytes });
        return;
      case "finishing":
        progress.clear();
        process.stderr.write(`${event.stream}: all data sent, the server builds the stream\n`);
        return;
      case "replicating":
        progress.clear();
        process.stderr.write(`${event.stream}: proven on its leader, the other replicas catch up\n`);
        return;
      case "safety-backup":
        progress.clear();
        process.stderr.write(`${event.stream}: safety backup of the live stream into ${event.directory}\n`);
        return;
      case "put-back":
        progress.clear();
        process.stderr.write(`${event.stream}: the restore failed; putting the safety backup back\n`);
        return;
      case "planned":
        progress.clear();
    }
  };
}

/** Prints one stream's fate: what is data to stdout, what went wrong to stderr. `details`: with the stream as it is now. */
export function printRestoreResult(result: StreamRestoreResult, { details }: { readonly details: boolean }): void {
  switch (result.status) {
    case "restored": {
      const { done, plan } = result;
      const { messages } = done.info.state;
      process.stdout.write(
        `Restored stream "${result.stream}" in ${formatSeconds(done.seconds)}: ${plural(messages, "message")}\n`,
      );
      printList("Changed from the backup:", plan.changes);
      printList("Warnings:", plan.warnings);
      printList("Notes:", done.outcome.notes);
      const exact = done.outcome.consumers.filter((consumer) => consumer.outcome === "exact").length;
      if (plan.expected.consumers.length > 0) {
        process.stdout.write(`Consumers: ${exact} of ${plan.expected.consumers.length} exactly where they were\n`);
      }
      if (done.safety) process.stdout.write(`The stream that stood there before is in ${done.safety}\n`);
      if (details) process.stdout.write(`\n${renderStreamInfo(done.info)}`);
      return;
    }
    case "skipped":
      process.stdout.write(`Stream "${result.stream}" exists and was left as it is\n`);
      return;
    case "planned":
      process.stdout.write(renderPlan(result.plan));
      return;
    case "failed":
      reportError(result.error);
      return;
    case "refused":
      process.stderr.write(
        `relight: ${result.plan?.refusals.length === 1 ? result.error.message : `"${result.stream}" is not restored:`}\n`,
      );
      for (const { text, cure } of result.plan?.refusals ?? []) {
        if (result.plan?.refusals.length !== 1) process.stderr.write(`  ${text}\n`);
        process.stderr.write(`   hint: ${cure}\n`);
      }
      for (const warning of result.plan?.warnings ?? []) process.stderr.write(`   note: ${warning}\n`);
  }
}

function renderPlan(plan: RestorePlan): string {
  const { expected } = plan;
  const what = plan.action === "replace" ? "be replaced, after a safety backup" : "be created";
  const fewer = expected.atLeast < expected.messages ? ` (at least ${formatCount(expected.atLeast)} stay)` : "";
  const lines = [
    `Stream "${plan.stream}" would ${what}: ${plural(expected.messages, "message")}${fewer}` +
      (expected.messages > 0 ? `, sequences ${expected.firstSequence} to ${expected.lastSequence}` : "") +
      `, ${plural(expected.consumers.length, "consumer")}`,
    ...plan.changes.map((change) => `  change: ${change}`),
    ...plan.warnings.map((warning) => `  warning: ${warning}`),
    "The archive is whole. Nothing was touched.",
  ];
  return `${lines.join("\n")}\n`;
}

function printList(title: string, items: readonly string[]): void {
  if (items.length > 0) process.stdout.write(`${title}\n${items.map((item) => `  ${item}\n`).join("")}`);
}

/** A result as JSON output carries it. */
export function restoreResultJson(result: StreamRestoreResult): object {
  const base = { stream: result.stream, status: result.status, ...(result.plan ? { plan: result.plan } : {}) };
  if (result.status === "restored") {
    const { info, outcome, seconds, safety } = result.done;
    return {
      ...base,
      seconds,
      info,
      notes: outcome.notes,
      consumers: outcome.consumers,
      ...(safety ? { safety } : {}),
    };
  }
  return "error" in result ? { ...base, error: jsonError(result.error) } : base;
}

/** The exit code of these results alone. */
export function restoreExitCode(results: readonly StreamRestoreResult[]): ExitCode {
  return exitCodeOf(
    results.flatMap((result) => ("error" in result ? [result.error] : [])),
    results.length,
  );
}

/** Of `total` streams with these errors: 0 all done, the error's own code when nothing was done, 3 when some were. */
export function exitCodeOf(errors: readonly RelightError[], total: number): ExitCode {
  const [first] = errors;
  if (!first) return ExitCode.ok;
  if (errors.some((error) => error.code === "CANCELLED")) return ExitCode.cancelled;
  return errors.length === total ? first.exitCode : ExitCode.incomplete;
}
