import type { Command } from "commander";
import { ExitCode, RelightError } from "../../errors.ts";
import type { ArchiveVerdict } from "../../operations/archive-read/verify-archive.ts";
import type { StoredStream } from "../../operations/stream-restore/read-backup.ts";
import { readingProgress } from "../output/edit-report.ts";
import { plural } from "../output/format-values.ts";
import { ProgressLine } from "../output/progress-line.ts";
import { salvageJson, salvageLines } from "../output/salvage-lines.ts";
import { printJson, runLocalCommand } from "../run-local-command.ts";

export function registerArchiveVerify(parent: Command): void {
  parent
    .command("verify <backup>")
    .summary("prove backups, without a server")
    .description(
      "Decodes archives to their end with every checksum in them, holds them against their manifests, and object stores'\n" +
        "objects against their digests. Takes one stream's backup or an account's, in either layout. Exit code 13 where one is damaged.\n" +
        "Of a damaged one it says what can still be read, before and behind the damage, and which sequences are lost.",
    )
    .option("--no-progress", "log lines instead of a progress bar")
    .option("--json", "JSON lines on stdout: one for each backup, then a summary")
    .addHelpText(
      "after",
      "\nExamples:\n  relight archive verify ./orders\n  relight archive verify ./all --json\n" +
        "\nExit codes: 0 all sound, 13 one is damaged, 1 it cannot be read, 130 cancelled.\n",
    )
    .action(async (path: string, flags: { json?: boolean; progress: boolean }) => {
      await runLocalCommand({ json: flags.json ?? false, command: "archive verify" }, async ({ signal }) => {
        let damaged = 0;
        const backups = await backupsIn(path);
        using progress = new ProgressLine(process.stderr, { progress: flags.progress && !flags.json });
        for (const { source, error } of backups) {
          const verdict = error ? unreadable(error) : await verdictOf(source, signal, progress);
          progress.clear();
          if (!verdict.sound) damaged++;
          if (flags.json) printJson(verdictJson(source, verdict));
          else process.stdout.write(renderVerdict(source, verdict));
        }
        const exitCode = damaged > 0 ? ExitCode.damaged : ExitCode.ok;
        if (flags.json) {
          printJson({
            type: "summary",
            command: "archive verify",
            ok: damaged === 0,
            exit_code: exitCode,
            backups: backups.length,
            damaged,
          });
        }
        return exitCode;
      });
    });
}

interface Backup {
  readonly source: StoredStream;
  /** Why it cannot even be read. */
  readonly error?: RelightError;
}

/** One stream's backup, or an account's in either layout, of which one that cannot be read does not hide the others. */
async function backupsIn(path: string): Promise<readonly Backup[]> {
  const { readAccountDirectory } = await import("../../operations/archive-edit/read-account-directory.ts");
  const { readBackup } = await import("../../operations/stream-restore/read-backup.ts");
  const account = await readAccountDirectory(path, { damaged: true });
  if (!account) return (await readBackup(path, { damaged: true })).map((source) => ({ source }));
  for (const note of account.notes) process.stderr.write(`${note}\n`);
  return [
    ...account.streams.map(({ stored: source }) => ({ source })),
    ...account.failures.map(({ path: bad, error }) => ({ source: nothing(bad), error })),
  ];
}

/** What stands for a backup of which nothing is known but where it lies. */
function nothing(path: string): StoredStream {
  return { stream: "", path, archive: path, archiveBytes: 0, container: "s2", config: undefined, manifest: undefined };
}

function unreadable({ message }: RelightError): ArchiveVerdict {
  const findings = [{ severity: "fatal", message }] as const;
  return { sound: false, findings, report: undefined, readable: undefined, hashed: false };
}

async function verdictOf(source: StoredStream, signal: AbortSignal, progress: ProgressLine): Promise<ArchiveVerdict> {
  const { verifyArchive } = await import("../../operations/archive-read/verify-archive.ts");
  const { openArchive } = await import("../../operations/stream-restore/open-archive.ts");
  try {
    await using opened = await openArchive(source);
    return await verifyArchive(opened.stored, signal, readingProgress(progress, opened.stored));
  } catch (error) {
    // What cannot even be unpacked.
    if (!(error instanceof RelightError) || (error.code !== "ARCHIVE_DAMAGED" && error.code !== "BACKUP_INVALID"))
      throw error;
    return unreadable(error);
  }
}

function verdictJson(source: StoredStream, { sound, findings, report, readable }: ArchiveVerdict): object {
  return {
    type: "verdict",
    stream: source.stream || (report?.stream?.name ?? ""),
    path: source.path,
    sound,
    format: report?.format ?? null,
    messages: report?.live.messages ?? null,
    first_seq: report?.live.firstSequence ?? null,
    last_seq: report?.live.lastSequence ?? null,
    stream_last_seq: report?.lastSequence ?? null,
    readable_messages: readable?.report.live.messages ?? null,
    salvage: readable ? salvageJson(readable.salvage) : null,
    findings,
  };
}

function renderVerdict(source: StoredStream, { sound, findings, report, readable, hashed }: ArchiveVerdict): string {
  const name = source.stream || (report?.stream?.name ?? source.path);
  const lines: string[] = [];
  if (report) {
    const { live } = report;
    const range =
      live.messages > 0
        ? `, sequences ${live.firstSequence} to ${live.lastSequence}`
        : report.lastSequence > 0
          ? `, goes on after sequence ${report.lastSequence}`
          : "";
    lines.push(
      `${sound ? "✓" : "✗"} ${name}: ${plural(live.messages, "message")}${range}, ${plural(report.consumers.length, "consumer")}, ${report.format}`,
    );
    if (sound && hashed) lines.push("  as the manifest says, SHA-256 included");
  } else lines.push(`✗ ${name}: damaged`);
  for (const { severity, message } of findings) lines.push(`  ${severity === "fatal" ? "✗" : "•"} ${message}`);
  if (readable) {
    const { live, consumers } = readable.report;
    const range = live.messages > 0 ? `, sequences ${live.firstSequence} to ${live.lastSequence}` : "";
    lines.push(
      `  still readable: ${plural(live.messages, "message")}${range}, ${plural(consumers.length, "consumer")}`,
      ...salvageLines(readable.salvage).map((line) => `  • ${line}`),
    );
    if (live.messages > 0)
      lines.push(`  a backup of what is readable: relight archive convert ${source.path} OUT --salvage`);
  }
  return `${lines.join("\n")}\n`;
}
