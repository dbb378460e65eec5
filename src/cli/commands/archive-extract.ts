import { type Command, InvalidArgumentError } from "commander";
import { parseServerVersion, type ServerVersion } from "../../jetstream/server-version.ts";
import type { ExtractReport } from "../../operations/archive-extract/extract-archive.ts";
import { openOneBackup } from "../open-one-backup.ts";
import { salvageHelp } from "../options/edit-options.ts";
import { formatBytes, plural } from "../output/format-values.ts";
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
      "Puts one stream's backup into the store directory (store_dir) of a standalone nats-server that does not run, which\n" +
        "takes the stream up when it starts. For when there is no server to restore through; otherwise use\n" +
        "`relight stream restore`, which holds the server against the archive afterwards. The archive is proven and the\n" +
        "store looked at before anything is touched; the stream appears whole or not at all, and nothing is replaced.\n" +
        "Servers of a cluster delete streams that the cluster does not know, so their stores are refused.",
    )
    .option("--account <name>", "account that gets the stream; in operator mode its public key (default: $G)")
    .option("--name <name>", "name of the stream (default: the one that it has)")
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
        "\nExit codes: 0 extracted, 1 failed or refused, 3 extracted without what --salvage could not read, 13 the archive is\ndamaged, 130 cancelled.\n",
    )
    .action(async (path: string, storeDirectory: string, flags: Flags) => {
      const json = flags.json ?? false;
      await runLocalCommand({ json, command: "archive extract" }, async ({ signal }) => {
        const { extractArchive } = await import("../../operations/archive-extract/extract-archive.ts");
        await using opened = await openOneBackup(path, flags.salvage ?? false, signal);
        const { stored, salvage, exitCode } = opened;
        using progress = new ProgressLine(process.stderr, { progress: flags.progress && !json });
        const report = await extractArchive(stored, {
          storeDirectory,
          signal,
          ...(flags.account === undefined ? {} : { account: flags.account }),
          ...(flags.name === undefined ? {} : { name: flags.name }),
          ...(flags.forServer === undefined ? {} : { version: flags.forServer }),
          ...(flags.liftMaxAge === undefined ? {} : { liftMaxAge: flags.liftMaxAge }),
          ...(flags.dryRun === undefined ? {} : { dryRun: flags.dryRun }),
          ...(salvage ? { notes: salvageNotes(salvage) } : {}),
          onEvent: ({ kind, stream, bytes, totalBytes }) =>
            progress.update({ label: stream, phase: kind, done: bytes, total: totalBytes }),
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
        } else process.stdout.write(renderReport(report, salvage !== undefined));
        return exitCode;
      });
    });
}

/** What was done, or what would be. */
function renderReport(report: ExtractReport, salvaged: boolean): string {
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

/** "2.10" is the first of its patches, so that nothing is kept that one of them does not know. */
function parseVersion(text: string): ServerVersion {
  const version = parseServerVersion(/^v?\d+\.\d+$/.test(text) ? `${text}.0` : text);
  if (!version) throw new InvalidArgumentError("Give a version such as 2.10 or 2.10.26.");
  return version;
}
