import { readFile } from "node:fs/promises";
import { type Command, InvalidArgumentError } from "commander";
import { ExitCode, RelightError } from "../../errors.ts";
import { isStreamName } from "../../formats/directory/backup-json.ts";
import type { StreamConfig } from "../../jetstream/api-types.ts";
import { addConnectionOptions, connectionFlags } from "../options/connection-options.ts";
import { addRestoreOptions, type RestoreFlags, restoreWishes } from "../options/restore-options.ts";
import { ProgressLine } from "../output/progress-line.ts";
import { printRestoreResult, restoreExitCode, restoreReporter, restoreResultJson } from "../output/restore-report.ts";
import { runCommand } from "../run-command.ts";
import { printJson } from "../run-local-command.ts";
import { tool } from "../version.ts";

interface Flags extends RestoreFlags {
  readonly as?: string;
  readonly config?: string;
}

export function registerStreamRestore(parent: Command): void {
  const command = addRestoreOptions(
    parent
      .command("restore <dir>")
      .summary("restore one stream, or every stream in a directory")
      .description(
        "Restores a backup made by relight or by any `nats` CLI: one stream's directory, a directory of those (origins\n" +
          "before their mirrors and sources), or the .tgz of the older layout. The archive is proven and the restore planned\n" +
          "before anything is touched; afterwards the stream is held against the archive. A restore that fails removes\n" +
          "what it created, and only that.",
      )
      .option(
        "--as <name>",
        "restore under another name, with all sequences and times; a bucket's subjects follow",
        streamName,
      )
      .option("--config <file>", "restore with this stream configuration (JSON) instead of the backup's"),
    { one: "the stream", all: "the stream" },
  )
    .option("--dry-run", "prove the archive and say what would happen; touch nothing")
    .addHelpText(
      "after",
      "\nExamples:\n" +
        "  relight stream restore ./backups/orders-monday\n" +
        "  relight stream restore ./orders --dry-run\n" +
        "  relight stream restore ./orders --as ORDERS_CHECK --until-time 2026-11-24T10:00:00Z\n" +
        "  relight stream restore ./orders --replicas 1 --if-exists replace\n" +
        "\nExit codes: 0 restored and verified, 1 failed or refused, 3 some of several streams failed, 13 the archive is\n" +
        "damaged, 14 server unreachable, 130 cancelled.\n",
    );
  addConnectionOptions(command).action(async (path: string, flags: Flags) => {
    const json = flags.json ?? false;
    await runCommand(
      { flags: connectionFlags(command), json, command: "stream restore" },
      async ({ session, signal }) => {
        const { readBackup } = await import("../../operations/stream-restore/read-backup.ts");
        const { restoreStreams } = await import("../../operations/stream-restore/restore-streams.ts");
        const stored = await readBackup(path);
        const config = flags.config === undefined ? undefined : await readConfig(flags.config);
        if (config && stored.length > 1) {
          throw new RelightError("USAGE", `--config is for one stream, and ${path} holds ${stored.length}`);
        }
        if (flags.as !== undefined && stored.length > 1) {
          throw new RelightError("USAGE", `--as is for one stream, and ${path} holds ${stored.length}`);
        }
        using progress = new ProgressLine(process.stderr, { progress: flags.progress && !json });
        const results = await restoreStreams(session, {
          stored,
          wishes: {
            ...restoreWishes(flags),
            ...(config ? { config } : {}),
            ...(flags.as === undefined ? {} : { as: flags.as }),
          },
          tool,
          signal,
          onEvent: restoreReporter(progress, json),
          onResult: (result) => {
            progress.clear();
            if (json) printJson({ type: "result", ...restoreResultJson(result) });
            else printRestoreResult(result, { details: true });
          },
          ...(flags.dryRun === undefined ? {} : { dryRun: flags.dryRun }),
          ...(flags.safetyDir === undefined ? {} : { safetyDirectory: flags.safetyDir }),
        });
        progress.clear();
        const code = restoreExitCode(results);
        if (json) {
          const ok = code === ExitCode.ok;
          printJson({
            type: "summary",
            command: "stream restore",
            ok,
            exit_code: code,
            streams: results.map(restoreResultJson),
          });
        }
        return code;
      },
    );
  });
}

function streamName(text: string): string {
  if (isStreamName(text)) return text;
  throw new InvalidArgumentError("It is no name of a stream: no spaces, dots, wildcards or slashes.");
}

/** Reads a configuration file: a bare StreamConfig, or a document that has one under `config` as backup.json does. */
async function readConfig(path: string): Promise<StreamConfig> {
  let document: { name?: unknown; config?: StreamConfig };
  try {
    document = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RelightError("USAGE", `--config ${path}: ${reason}`, { cause: error, hint: "Give a JSON file." });
  }
  const config = typeof document?.name === "string" ? (document as StreamConfig) : document?.config;
  if (typeof config?.name !== "string") {
    throw new RelightError("USAGE", `--config ${path} holds no stream configuration with a name`, {
      hint: "relight stream info STREAM --json prints one, under config.",
    });
  }
  return config;
}
