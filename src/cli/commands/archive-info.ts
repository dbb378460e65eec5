import type { Command } from "commander";
import { ExitCode } from "../../errors.ts";
import { isoTime } from "../../formats/directory/archive-facts.ts";
import type { StreamConfig } from "../../jetstream/api-types.ts";
import type { ArchiveOverview } from "../../operations/archive-read/archive-overview.ts";
import type { StoredStream } from "../../operations/stream-restore/read-backup.ts";
import { renderOverview } from "../output/archive-overview.ts";
import { readingProgress } from "../output/edit-report.ts";
import { ProgressLine } from "../output/progress-line.ts";
import { readOneBackup } from "../read-one-backup.ts";
import { printJson, runLocalCommand } from "../run-local-command.ts";

export function registerArchiveInfo(parent: Command): void {
  parent
    .command("info <backup>")
    .summary("show what a backup holds, without a server")
    .description(
      "Reads a stream's backup to its end and shows configuration, counts, times, subjects, gaps and consumers.",
    )
    .option("--subjects", "list every subject, not only those with most messages")
    .option("--no-progress", "log lines instead of a progress bar")
    .option("--json", "one JSON document on stdout")
    .addHelpText(
      "after",
      "\nExamples:\n  relight archive info ./orders\n  relight archive info ./stream_ORDERS.tgz --subjects\n",
    )
    .action(async (path: string, flags: { subjects?: boolean; json?: boolean; progress: boolean }) => {
      await runLocalCommand({ json: flags.json ?? false, command: "archive info" }, async ({ signal }) => {
        const { archiveOverview } = await import("../../operations/archive-read/archive-overview.ts");
        const { openArchive } = await import("../../operations/stream-restore/open-archive.ts");
        const source = await readOneBackup(path);
        await using opened = await openArchive(source);
        const { stored } = opened;
        using progress = new ProgressLine(process.stderr, { progress: flags.progress && !flags.json });
        const overview = await archiveOverview(stored, signal, readingProgress(progress, stored));
        progress.clear();
        const config = (stored.config ?? overview.report.stream?.config ?? { name: stored.stream }) as StreamConfig;
        if (flags.json) printJson(overviewJson(source, config, overview));
        else
          process.stdout.write(
            renderOverview({ ...stored, archive: source.archive }, config, overview, flags.subjects ?? false),
          );
        return ExitCode.ok;
      });
    });
}

function overviewJson(stored: StoredStream, config: StreamConfig, { report, subjects, gaps }: ArchiveOverview): object {
  const { live } = report;
  return {
    stream: config.name,
    path: stored.path,
    format: report.format,
    archive_bytes: stored.archiveBytes,
    decoded_bytes: report.decodedBytes,
    config,
    messages: live.messages,
    bytes: live.bytes ?? null,
    first_seq: live.firstSequence,
    first_ts: isoTime(live.firstTime),
    last_seq: live.lastSequence,
    last_ts: isoTime(live.lastTime),
    stream_last_seq: report.lastSequence,
    subjects: Object.fromEntries(subjects.map(({ subject, messages }) => [subject, messages])),
    gaps,
    consumers: report.consumers.map(({ name, config: consumer, state }) => ({
      name,
      config: consumer,
      delivered: state ? { consumer_seq: state.delivered.consumer, stream_seq: state.delivered.stream } : null,
      ack_floor: state ? { consumer_seq: state.ackFloor.consumer, stream_seq: state.ackFloor.stream } : null,
      num_ack_pending: state?.pending.length ?? 0,
    })),
    problems: report.problems.map(({ code, severity, message }) => ({ code, severity, message })),
  };
}
