import { type Command, Option } from "commander";
import { ExitCode, RelightError } from "../../errors.ts";
import type { Session } from "../../jetstream/session.ts";
import type { AccountBackupResult } from "../../operations/account-backup/backup-account.ts";
import type { ConfigurationBackupResult } from "../../operations/account-backup/backup-configuration.ts";
import { addConnectionOptions, connectionFlags } from "../options/connection-options.ts";
import { parsePositive, parseSize } from "../options/size.ts";
import { formatBytes, formatSeconds, plural } from "../output/format-values.ts";
import { ProgressLine } from "../output/progress-line.ts";
import { prepareCheck } from "../prepare-check.ts";
import { jsonError } from "../report-error.ts";
import { runCommand } from "../run-command.ts";
import { printJson } from "../run-local-command.ts";
import { tool } from "../version.ts";
import { backupReporter } from "./stream-backup.ts";

interface Flags {
  readonly layout: "directories" | "config";
  readonly data?: boolean;
  readonly consumers: boolean;
  readonly check?: boolean;
  readonly chunkSize?: number;
  readonly windowSize?: number;
  readonly parallel?: number;
  readonly progress: boolean;
  readonly json?: boolean;
  readonly force?: boolean;
  readonly [key: string]: unknown;
}

export function registerAccountBackup(parent: Command): void {
  const command = parent
    .command("backup <dir>")
    .summary("back up every stream of the account")
    .description(
      "Backs up every stream of the account, several at a time, each proven as `relight stream backup` does it. A stream\n" +
        "that fails does not stop the others, and an older good backup of it stays.",
    )
    .addOption(
      new Option("--layout <layout>", "a directory per stream, or the files of the older nats CLI")
        .choices(["directories", "config"])
        .default("directories"),
    )
    .option("--data", "with --layout config: also the messages, as stream_<S>.tgz")
    .option("--no-consumers", "leave out the consumers")
    .option("--check", "let the server check its stores first; can take long without progress")
    .option("--chunk-size <size>", "size of one message from the server, e.g. 128K", parseSize)
    .option("--window-size <size>", "what the server may have under way, e.g. 4M", parseSize)
    .option("--parallel <n>", "streams at a time (default 3)", parsePositive)
    .option("--no-progress", "log lines instead of a progress bar")
    .option("--json", "JSON lines on stdout, the last one a summary")
    .option("-f, --force", "replace backups that stand in the directory, each once its new one is proven")
    .addHelpText(
      "after",
      "\nExamples:\n" +
        "  relight account backup ./all\n" +
        "  relight account backup ./all --force --json\n" +
        "  relight account backup ./config --layout config --data\n" +
        "\nExit codes: 0 all backed up and proven, 3 some failed or are half-made, 1 all failed, 14 server unreachable, 130 cancelled.\n",
    );
  addConnectionOptions(command).action(async (directory: string, flags: Flags) => {
    const json = flags.json ?? false;
    // The configuration alone holds nothing to check.
    if (flags.layout === "directories" || flags.data) prepareCheck();
    await runCommand(
      { flags: connectionFlags(command), json, command: "account backup", validate: () => validate(flags) },
      async ({ session, signal }) => {
        const { outcomes, vanished } =
          flags.layout === "config"
            ? await configurationLayout(session, directory, flags, signal)
            : await directoriesLayout(session, directory, flags, signal);
        const failed = outcomes.filter((outcome) => outcome.status === "failed");
        const whole = failed.length === 0 && !outcomes.some(({ halfMade }) => halfMade);
        const code = whole
          ? ExitCode.ok
          : failed.length > 0 && failed.length === outcomes.length
            ? ExitCode.failed
            : ExitCode.incomplete;
        if (json) {
          printJson({
            type: "summary",
            command: "account backup",
            ok: code === 0,
            exit_code: code,
            directory,
            streams: outcomes.map(({ halfMade: _, ...outcome }) => outcome),
            vanished,
          });
        } else if (outcomes.length === 0) process.stderr.write("The account has no streams.\n");
        else {
          const done = outcomes.length - failed.length;
          process.stdout.write(
            `${plural(done, "stream")} backed up into ${directory}` +
              (failed.length ? `, ${failed.length} FAILED\n` : "\n"),
          );
        }
        return code;
      },
    );
  });
}

function validate(flags: Flags): void {
  if (!flags.data || flags.layout === "config") return;
  throw new RelightError("USAGE", "--data goes with --layout config", {
    hint: "The directories layout always holds the data.",
  });
}

type Outcome = {
  readonly stream: string;
  readonly status: "backed-up" | "failed";
  readonly halfMade?: boolean;
  readonly [key: string]: unknown;
};

interface Outcomes {
  readonly outcomes: readonly Outcome[];
  /** Streams of which the directory holds an older backup, but which the account no longer has. */
  readonly vanished: readonly string[];
}

async function directoriesLayout(
  session: Session,
  directory: string,
  flags: Flags,
  signal: AbortSignal,
): Promise<Outcomes> {
  const { backupAccount } = await import("../../operations/account-backup/backup-account.ts");
  const json = flags.json ?? false;
  using progress = new ProgressLine(process.stderr, { progress: flags.progress && !json, concurrent: true });
  const report = backupReporter(progress, json);
  const { results, vanished } = await backupAccount(session, {
    directory,
    consumers: flags.consumers,
    tool,
    signal,
    // Streams start side by side, so that their beginnings say little; one line tells the end of each.
    onEvent: (event) => (event.kind === "started" && !json ? undefined : report(event)),
    onResult: (result) => {
      progress.finish(result.stream);
      progress.clear();
      if (json) printJson({ type: "result", ...directoriesOutcome(result), halfMade: undefined });
      else if (result.status === "failed") printFailure(result.stream, result.error);
      else {
        const { manifest, halfMade } = result.result;
        process.stdout.write(
          `${halfMade ? "HALF  " : "ok    "}  ${manifest.stream}: ${plural(manifest.content.messages, "message")}, ${formatBytes(manifest.archive.bytes)}, ` +
            `${formatSeconds(manifest.times.seconds)}\n`,
        );
        for (const text of [...manifest.moved, ...manifest.notes]) process.stdout.write(`          ${text}\n`);
      }
    },
    ...(flags.check === undefined ? {} : { check: flags.check }),
    ...(flags.chunkSize === undefined ? {} : { chunkSize: flags.chunkSize }),
    ...(flags.windowSize === undefined ? {} : { windowSize: flags.windowSize }),
    ...(flags.parallel === undefined ? {} : { parallel: flags.parallel }),
    ...(flags.force === undefined ? {} : { force: flags.force }),
  });
  progress.clear();
  if (vanished.length > 0) {
    process.stderr.write(`Older backups of streams that the account no longer has were left: ${vanished.join(", ")}\n`);
  }
  return { outcomes: results.map(directoriesOutcome), vanished };
}

function directoriesOutcome(result: AccountBackupResult): Outcome {
  const { stream } = result;
  if (result.status === "failed") return { stream, status: "failed", error: jsonError(result.error) };
  const { directory, manifest, halfMade } = result.result;
  return { stream, status: "backed-up", directory, manifest, halfMade };
}

async function configurationLayout(
  session: Session,
  directory: string,
  flags: Flags,
  signal: AbortSignal,
): Promise<Outcomes> {
  const { backupConfiguration } = await import("../../operations/account-backup/backup-configuration.ts");
  const results = await backupConfiguration(session, {
    directory,
    data: flags.data ?? false,
    signal,
    onResult: (result) => {
      if (flags.json) printJson({ type: "result", ...configurationOutcome(result) });
      else if (result.status === "failed") printFailure(result.stream, result.error);
      else {
        process.stdout.write(`ok      ${result.stream}: ${result.files.join(", ")}\n`);
        for (const note of result.notes) process.stdout.write(`          ${note}\n`);
      }
    },
    ...(flags.check === undefined ? {} : { check: flags.check }),
    ...(flags.force === undefined ? {} : { force: flags.force }),
  });
  return { outcomes: results.map(configurationOutcome), vanished: [] };
}

function configurationOutcome(result: ConfigurationBackupResult): Outcome {
  return result.status === "failed" ? { ...result, error: jsonError(result.error) } : { ...result };
}

function printFailure(stream: string, error: RelightError): void {
  process.stdout.write(`FAILED  ${stream}: ${error.message}\n          hint: ${error.hint}\n`);
}
