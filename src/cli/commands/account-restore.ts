import type { Command } from "commander";
import { ExitCode, RelightError } from "../../errors.ts";
import type { Session } from "../../jetstream/session.ts";
import type { ConfigurationRestoreResult } from "../../operations/account-restore/restore-configuration.ts";
import { addConnectionOptions, connectionFlags } from "../options/connection-options.ts";
import { addRestoreOptions, type RestoreFlags, restoreWishes } from "../options/restore-options.ts";
import { plural } from "../output/format-values.ts";
import { ProgressLine } from "../output/progress-line.ts";
import { exitCodeOf, printRestoreResult, restoreReporter, restoreResultJson } from "../output/restore-report.ts";
import { jsonError, reportError } from "../report-error.ts";
import { runCommand } from "../run-command.ts";
import { printJson } from "../run-local-command.ts";
import { tool } from "../version.ts";

interface Flags extends RestoreFlags {
  readonly updateStreams?: boolean;
}

export function registerAccountRestore(parent: Command): void {
  const command = addRestoreOptions(
    parent
      .command("restore <dir>")
      .summary("restore every stream of an account backup")
      .description(
        "Restores an account backup in either layout: a directory per stream, or the configuration files of the older nats\n" +
          "CLI, whose checksums are verified before anything is touched. Every stream has a result of its own.",
      )
      .option(
        "--update-streams",
        "configuration layout: edit existing streams and consumers in place to match the backup",
      ),
    { one: "a stream", all: "the streams" },
  )
    .option("--dry-run", "verify everything and say what would happen; touch nothing")
    .addHelpText(
      "after",
      "\nExamples:\n" +
        "  relight account restore ./all\n" +
        "  relight account restore ./all --if-exists skip --json\n" +
        "  relight account restore ./config --update-streams --dry-run\n" +
        "\nExit codes: 0 all restored, 3 some failed, 1 all failed, 13 the backup is damaged, 14 server unreachable.\n",
    );
  addConnectionOptions(command).action(async (path: string, flags: Flags) => {
    const json = flags.json ?? false;
    await runCommand(
      { flags: connectionFlags(command), json, command: "account restore" },
      async ({ session, signal }) => {
        const { isConfigurationLayout } = await import("../../operations/account-restore/read-configuration.ts");
        return (await isConfigurationLayout(path))
          ? configurationLayout(session, path, flags, signal)
          : directoriesLayout(session, path, flags, signal);
      },
    );
  });
}

async function directoriesLayout(session: Session, path: string, flags: Flags, signal: AbortSignal): Promise<ExitCode> {
  const { readAccountBackup } = await import("../../operations/stream-restore/read-backup.ts");
  const { restoreStreams } = await import("../../operations/stream-restore/restore-streams.ts");
  const { updateExisting } = await import("../../operations/account-restore/update-existing.ts");
  const json = flags.json ?? false;
  const { streams, failures } = await readAccountBackup(path);
  using progress = new ProgressLine(process.stderr, { progress: flags.progress && !json });
  const unreadable = failures.map(({ path: bad, error }) => ({ path: bad, status: "failed", error: jsonError(error) }));
  if (json) for (const failure of unreadable) printJson({ type: "result", ...failure });
  else
    for (const { path: bad, error } of failures) reportError(new RelightError(error.code, `${bad}: ${error.message}`));
  // Existing streams are edited, and only the others restored.
  const updated = flags.updateStreams ? await updateExisting(session, streams, flags.dryRun ?? false) : [];
  for (const result of updated) {
    if (json) printJson({ type: "result", ...configurationResultJson(result) });
    else printConfigurationResult(result);
  }
  const results = await restoreStreams(session, {
    stored: streams.filter((stored) => !updated.some((result) => result.stream === stored.stream)),
    wishes: restoreWishes(flags),
    tool,
    signal,
    onEvent: restoreReporter(progress, json),
    onResult: (result) => {
      progress.clear();
      if (json) printJson({ type: "result", ...restoreResultJson(result) });
      else printRestoreResult(result, { details: false });
    },
    ...(flags.dryRun === undefined ? {} : { dryRun: flags.dryRun }),
    ...(flags.safetyDir === undefined ? {} : { safetyDirectory: flags.safetyDir }),
  });
  progress.clear();
  const errors = [
    ...failures.map((failure) => failure.error),
    ...updated.flatMap((result) => (result.error ? [result.error] : [])),
    ...results.flatMap((result) => ("error" in result ? [result.error] : [])),
  ];
  const total = failures.length + updated.length + results.length;
  const code = exitCodeOf(errors, total);
  const good = total - errors.length;
  if (json) {
    printJson({
      type: "summary",
      command: "account restore",
      ok: code === ExitCode.ok,
      exit_code: code,
      streams: [...results.map(restoreResultJson), ...updated.map(configurationResultJson), ...unreadable],
    });
  } else
    process.stdout.write(
      `${plural(good, "stream")} of ${total} done${errors.length ? `, ${errors.length} FAILED` : ""}\n`,
    );
  return code;
}

async function configurationLayout(
  session: Session,
  path: string,
  flags: Flags,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { readConfiguration } = await import("../../operations/account-restore/read-configuration.ts");
  const { restoreConfiguration } = await import("../../operations/account-restore/restore-configuration.ts");
  const json = flags.json ?? false;
  const { streams, notes } = await readConfiguration(path);
  for (const note of notes) process.stderr.write(`${note}\n`);
  using progress = new ProgressLine(process.stderr, { progress: flags.progress && !json });
  const results = await restoreConfiguration(session, {
    streams,
    updateStreams: flags.updateStreams ?? false,
    tool,
    signal,
    onEvent: restoreReporter(progress, json),
    onResult: (result) => {
      progress.clear();
      if (json) printJson({ type: "result", ...configurationResultJson(result) });
      else printConfigurationResult(result);
    },
    ...(flags.dryRun === undefined ? {} : { dryRun: flags.dryRun }),
    ...(flags.replicas === undefined ? {} : { replicas: flags.replicas }),
    ...(flags.cluster === undefined ? {} : { cluster: flags.cluster }),
    ...(flags.tag === undefined ? {} : { tags: flags.tag }),
  });
  progress.clear();
  const errors = results.flatMap((result) => (result.error ? [result.error] : []));
  const code = exitCodeOf(errors, results.length);
  if (json) {
    const ok = code === ExitCode.ok;
    printJson({
      type: "summary",
      command: "account restore",
      ok,
      exit_code: code,
      streams: results.map(configurationResultJson),
    });
  }
  return code;
}

function configurationResultJson(result: ConfigurationRestoreResult): object {
  return { ...result, ...(result.error ? { error: jsonError(result.error) } : {}) };
}

function printConfigurationResult(result: ConfigurationRestoreResult): void {
  if (result.error) {
    reportError(result.error);
    return;
  }
  const messages = result.messages === undefined ? "" : ` (${plural(result.messages, "message")})`;
  process.stdout.write(`${result.status.padEnd(9)}  ${result.stream}${messages}\n`);
  for (const change of result.changes) process.stdout.write(`             ${change}\n`);
}
