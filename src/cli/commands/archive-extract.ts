import { type Command, InvalidArgumentError } from "commander";
import { type ExitCode, RelightError } from "../../errors.ts";
import { parseServerVersion, type ServerVersion } from "../../jetstream/server-version.ts";
import type { AccountDirectory } from "../../operations/archive-edit/read-account-directory.ts";
import type { ExtractOptions } from "../../operations/archive-extract/extract-archive.ts";
import type { ExtractedStream } from "../../operations/archive-extract/extract-streams.ts";
import { openOneBackup } from "../open-one-backup.ts";
import { salvageHelp } from "../options/edit-options.ts";
import { printAllExtracted, printExtracted, renderExtracted } from "../output/extracted-streams.ts";
import { ProgressLine } from "../output/progress-line.ts";
import { salvageJson, salvageNotes } from "../output/salvage-lines.ts";
import { printJson, runLocalCommand } from "../run-local-command.ts";

interface Flags {
  readonly account?: string;
  readonly name?: string;
  readonly forServer?: ServerVersion;
  readonly liftMaxAge?: boolean;
  readonly progress: boolean;
  readonly json?: boolean;
  readonly dryRun?: boolean;
  readonly salvage?: boolean;
}

export function registerArchiveExtract(parent: Command): void {
  parent
    .command("extract <in> <store-dir>")
    .summary("put a stream into the store of a server that is stopped")
    .description(
      "Puts a stream's backup, or each of an account's, into the store directory (store_dir) of a standalone nats-server that\n" +
        "does not run, which takes the stream up when it starts. For when there is no server to restore through; otherwise use\n" +
        "`relight stream restore`, which holds the server against the archive afterwards. The archive is proven and the\n" +
        "store looked at before anything is touched; the stream appears whole or not at all, and nothing is replaced.\n" +
        "Servers of a cluster delete streams that the cluster does not know, so their stores are refused.",
    )
    .option("--account <name>", "account that gets the stream; in operator mode its public key (default: $G)")
    .option("--name <name>", "name of the stream (default: the one that it has); a bucket's subjects follow")
    .option(
      "--for-server <version>",
      "make it for this nats-server: its configuration fields, its index; e.g. 2.10",
      parseVersion,
    )
    .option("--lift-max-age", "extract without max_age, so that old messages are not removed when the server starts")
    .option("--salvage", salvageHelp)
    .option("--no-progress", "no progress bar")
    .option("--json", "one JSON document on stdout")
    .option("--dry-run", "prove the archive and say what would happen; touch nothing")
    .addHelpText(
      "after",
      "\nExamples:\n" +
        "  relight archive extract ./backups/orders /var/lib/nats\n" +
        "  relight archive extract ./orders /var/lib/nats --for-server 2.10 --dry-run\n" +
        "  relight archive extract ./stream_ORDERS.tgz ./scratch-store --account APP\n" +
        "  relight archive extract ./all /var/lib/nats --for-server 2.15\n" +
        "\nExit codes: 0 extracted, 1 failed or refused, 3 some streams failed, or a part could not be read with --salvage, 13 the\narchive is damaged, 130 cancelled.\n",
    )
    .action(async (path: string, storeDirectory: string, flags: Flags) => {
      const json = flags.json ?? false;
      await runLocalCommand({ json, command: "archive extract" }, async ({ signal }) => {
        const { readAccountDirectory } = await import("../../operations/archive-edit/read-account-directory.ts");
        const account = await readAccountDirectory(path, { damaged: flags.salvage ?? false });
        if (account) return extractAll(account, { path, storeDirectory, flags, signal });
        const { extractArchive } = await import("../../operations/archive-extract/extract-archive.ts");
        await using opened = await openOneBackup(path, flags.salvage ?? false, signal);
        const { stored, salvage, exitCode } = opened;
        using progress = new ProgressLine(process.stderr, { progress: flags.progress && !json });
        const report = await extractArchive(stored, {
          ...wishesOf(flags, storeDirectory, progress),
          signal,
          ...(flags.name === undefined ? {} : { name: flags.name }),
          ...(salvage ? { notes: salvageNotes(salvage) } : {}),
        });
        progress.clear();
        if (json) {
          const salvaged = salvage ? { salvage: salvageJson(salvage) } : {};
          printJson({
            type: "summary",
            command: "archive extract",
            ok: true,
            exit_code: exitCode,
            ...report,
            ...salvaged,
          });
        } else process.stdout.write(renderExtracted(report, salvage !== undefined));
        return exitCode;
      });
    });
}

function wishesOf(
  { account, forServer, liftMaxAge, dryRun }: Flags,
  storeDirectory: string,
  progress: ProgressLine,
): Omit<ExtractOptions, "name" | "together"> {
  return {
    storeDirectory,
    ...(account === undefined ? {} : { account }),
    ...(forServer === undefined ? {} : { version: forServer }),
    ...(liftMaxAge === undefined ? {} : { liftMaxAge }),
    ...(dryRun === undefined ? {} : { dryRun }),
    onEvent: ({ kind, stream, bytes, totalBytes }) =>
      progress.update({ label: stream, phase: kind, done: bytes, total: totalBytes }),
  };
}

interface Input {
  readonly path: string;
  readonly storeDirectory: string;
  readonly flags: Flags;
  readonly signal: AbortSignal;
}

/** Extracts an account's backup, stream by stream. */
async function extractAll(
  { streams, failures, notes }: AccountDirectory,
  { path, storeDirectory, flags, signal }: Input,
): Promise<ExitCode> {
  if (flags.name !== undefined || flags.salvage) {
    const flag = flags.salvage ? "--salvage takes" : "--name is for";
    throw new RelightError("USAGE", `${flag} one stream, and ${path} holds the backups of several`, {
      hint: "Give the directory of one of them.",
    });
  }
  const { extractStreams } = await import("../../operations/archive-extract/extract-streams.ts");
  const json = flags.json ?? false;
  for (const note of notes) process.stderr.write(`${note}\n`);
  using progress = new ProgressLine(process.stderr, { progress: flags.progress && !json });
  const unreadable = failures.map(({ path: stream, error }): ExtractedStream => ({ stream, status: "failed", error }));
  for (const one of unreadable) printExtracted(one, json);
  const results = await extractStreams(
    streams.map(({ stored }) => stored),
    {
      ...wishesOf(flags, storeDirectory, progress),
      signal,
      onResult: (result) => {
        progress.clear();
        printExtracted(result, json);
      },
    },
  );
  return printAllExtracted([...unreadable, ...results], flags.dryRun ?? false, json);
}

/** "2.10" is the first of its patches, so that nothing is kept that one of them does not know. */
function parseVersion(text: string): ServerVersion {
  const version = parseServerVersion(/^v?\d+\.\d+$/.test(text) ? `${text}.0` : text);
  if (!version) throw new InvalidArgumentError("Give a version such as 2.10 or 2.10.26.");
  return version;
}
