import type { Command } from "commander";
import { ExitCode } from "../../errors.ts";
import type { StreamBackupEvent } from "../../operations/stream-backup/backup-events.ts";
import type { StreamBackupResult } from "../../operations/stream-backup/backup-stream.ts";
import { addConnectionOptions, connectionFlags } from "../options/connection-options.ts";
import { parseSize } from "../options/size.ts";
import { formatBytes, formatSeconds, plural } from "../output/format-values.ts";
import { ProgressLine } from "../output/progress-line.ts";
import { prepareCheck } from "../prepare-check.ts";
import { runCommand } from "../run-command.ts";
import { printJson } from "../run-local-command.ts";
import { tool } from "../version.ts";

interface Flags {
  readonly consumers: boolean;
  readonly check?: boolean;
  readonly chunkSize?: number;
  readonly windowSize?: number;
  readonly progress: boolean;
  readonly json?: boolean;
  readonly force?: boolean;
  readonly [key: string]: unknown;
}

export function registerStreamBackup(parent: Command): void {
  const command = parent
    .command("backup <stream> <dir>")
    .summary("back up one stream into a directory")
    .description(
      "Backs up one stream into a directory that `nats stream restore` accepts too, and proves it while it arrives: the\n" +
        "archive is decoded to its end, every checksum in it verified, its sequences held against the stream's. The\n" +
        "directory appears when all of that has passed, or not at all.",
    )
    .option("--no-consumers", "leave out the consumers")
    .option("--check", "let the server check its store first; can take long without progress")
    .option("--chunk-size <size>", "size of one message from the server, e.g. 128K", parseSize)
    .option(
      "--window-size <size>",
      "what the server may have under way, e.g. 4M (nats-server 2.12.5 and newer)",
      parseSize,
    )
    .option("--no-progress", "log lines instead of a progress bar")
    .option("--json", "JSON lines on stdout, the last one a summary")
    .option("-f, --force", "replace a backup that stands in the directory, once the new one is proven")
    .addHelpText(
      "after",
      "\nExamples:\n" +
        "  relight stream backup ORDERS ./backups/orders-monday\n" +
        "  relight stream backup ORDERS ./orders --context prod --no-consumers\n" +
        "  relight stream backup ORDERS ./orders --force --json | tail -1 | jq .manifest.content.messages\n" +
        "\nExit codes: 0 backed up and proven, 1 failed, 14 server or stream unreachable, 130 cancelled.\n",
    );
  addConnectionOptions(command).action(async (stream: string, directory: string, flags: Flags) => {
    const json = flags.json ?? false;
    prepareCheck();
    await runCommand(
      { flags: connectionFlags(command), json, command: "stream backup" },
      async ({ session, signal }) => {
        const { backupStream } = await import("../../operations/stream-backup/backup-stream.ts");
        using progress = new ProgressLine(process.stderr, { progress: flags.progress && !json });
        const result = await backupStream(session, {
          stream,
          directory,
          consumers: flags.consumers,
          tool,
          signal,
          onEvent: backupReporter(progress, json),
          ...(flags.check === undefined ? {} : { check: flags.check }),
          ...(flags.chunkSize === undefined ? {} : { chunkSize: flags.chunkSize }),
          ...(flags.windowSize === undefined ? {} : { windowSize: flags.windowSize }),
          ...(flags.force === undefined ? {} : { force: flags.force }),
        });
        progress.clear();
        if (json) printJson(backupSummary(result));
        else process.stdout.write(renderBackup(result));
        return ExitCode.ok;
      },
    );
  });
}

/** Turns events into the progress line and messages, or into JSON lines. */
export function backupReporter(progress: ProgressLine, json: boolean): (event: StreamBackupEvent) => void {
  let lastJson = 0;
  return (event) => {
    if (json) {
      if (event.kind === "progress" && Date.now() - lastJson < 1_000) return;
      if (event.kind === "progress") lastJson = Date.now();
      printJson({ type: event.kind, ...event, kind: undefined });
      return;
    }
    switch (event.kind) {
      case "started":
        process.stderr.write(
          `Starting backup of Stream "${event.stream}" with ${plural(event.messages, "message")}, ${formatBytes(event.bytes)}\n`,
        );
        return;
      case "progress":
        progress.update({
          label: event.stream,
          phase: "receiving",
          done: Math.min(event.decodedBytes, event.expectedBytes),
          total: event.expectedBytes,
        });
        return;
      case "retry":
        progress.clear();
        process.stderr.write(`${event.stream}: ${event.reason}\n${event.stream}: attempt ${event.attempt} begins\n`);
    }
  };
}

function backupSummary(result: StreamBackupResult): object {
  return {
    type: "summary",
    command: "stream backup",
    ok: true,
    exit_code: ExitCode.ok,
    stream: result.manifest.stream,
    directory: result.directory,
    manifest: result.manifest,
  };
}

function renderBackup({ manifest, directory, movements, notes }: StreamBackupResult): string {
  const { archive, content, times } = manifest;
  const lines = [
    `Received ${formatBytes(archive.bytes)} compressed data for stream "${manifest.stream}" in ${formatSeconds(times.seconds)}, ` +
      `${formatBytes(content.decodedBytes)} uncompressed`,
    `Proven: ${plural(content.messages, "message")}` +
      (content.messages > 0 ? `, sequences ${content.firstSequence} to ${content.lastSequence}` : "") +
      `, ${plural(content.consumers.length, "consumer")}`,
    ...manifest.verified.checks.map((check) => `  ✓ ${check}`),
    ...(movements.length > 0 ? ["While it ran:", ...movements.map((movement) => `  ${movement.text}`)] : []),
    ...(notes.length > 0 ? ["Notes:", ...notes.map((note) => `  ${note}`)] : []),
    `Backup is in ${directory}`,
  ];
  return `${lines.join("\n")}\n`;
}
