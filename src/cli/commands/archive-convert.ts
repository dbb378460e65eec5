import { type Command, Option } from "commander";
import { type ExitCode, RelightError } from "../../errors.ts";
import type { SalvageReport } from "../../formats/salvage/salvage-report.ts";
import { parseServerVersion, type ServerVersion } from "../../jetstream/server-version.ts";
import type { EditOptions } from "../../operations/archive-edit/edit-archive.ts";
import type { AccountDirectory } from "../../operations/archive-edit/read-account-directory.ts";
import type { StoredStream } from "../../operations/stream-restore/read-backup.ts";
import { openOneBackup } from "../open-one-backup.ts";
import {
  addCutOptions,
  type CutFlags,
  cutSpec,
  refuseEmptyRange,
  salvageHelp,
  subjectRule,
} from "../options/edit-options.ts";
import { parsePositive } from "../options/size.ts";
import { printAllConverted, printConverted } from "../output/converted-streams.ts";
import { printEdit, readingProgress } from "../output/edit-report.ts";
import { ProgressLine } from "../output/progress-line.ts";
import { salvageNotes } from "../output/salvage-lines.ts";
import { runLocalCommand } from "../run-local-command.ts";
import { tool } from "../version.ts";

interface Flags extends CutFlags {
  readonly to?: "v1" | "v2" | "tgz" | "dir-for-server";
  readonly rename?: string;
  readonly storage?: "file" | "memory";
  readonly consumers: boolean;
  readonly salvage?: boolean;
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly progress: boolean;
  readonly json?: boolean;
}

export function registerArchiveConvert(parent: Command): void {
  const command = parent
    .command("convert <in> <out> [version]")
    .summary("write a backup in another format, for another server, under another name")
    .description(
      "Makes another backup of a stream's backup: as a v1 archive (every server up to 2.15 takes it), a v2 archive (2.15 and\n" +
        "newer), the older CLI's stream_<name>.tgz, or what suits a server of a version. Sequences, times and headers stay.\n" +
        "Of an account's backup, in either layout, it converts every stream; one that fails does not stop the others.",
    )
    .addOption(
      new Option("--to <format>", "v1, v2, tgz, or dir-for-server <version>").choices([
        "v1",
        "v2",
        "tgz",
        "dir-for-server",
      ]),
    )
    .option("--rename <name>", "of another name; a bucket's subjects follow");
  addCutOptions(command)
    .option("--from-seq <n>", "only messages from this sequence on", parsePositive)
    .option("--subject-map <from:to>", "rename subjects, e.g. orders.*:archive.$1; may be repeated", subjectRule)
    .option("--no-consumers", "leave out the consumers")
    .addOption(new Option("--storage <kind>", "file or memory").choices(["file", "memory"]))
    .option("--salvage", salvageHelp)
    .option("--dry-run", "say what would be converted and what would be left out; write nothing")
    .option("-f, --force", "replace a backup that stands in the directory")
    .option("--no-progress", "no progress bar")
    .option("--json", "one JSON document on stdout")
    .addHelpText(
      "after",
      "\nExamples:\n" +
        "  relight archive convert ./orders ./orders-v1 --to v1\n" +
        "  relight archive convert ./orders ./for-old --to dir-for-server 2.10\n" +
        "  relight archive convert ./orders ./test --to v1 --rename ORDERS_TEST --until-time 2026-11-24T10:00:00Z\n" +
        "  relight archive convert ./damaged ./readable --salvage\n" +
        "  relight archive convert ./all ./all-for-2.12 --to dir-for-server 2.12 --dry-run\n" +
        "\nExit codes: 0 converted, 1 failed, 3 some streams failed, or a part could not be read with --salvage, 13 damaged.\n",
    )
    .action(async (input: string, target: string, version: string | undefined, flags: Flags) => {
      await runLocalCommand(
        { json: flags.json ?? false, command: "archive convert", validate: () => validate(flags, version) },
        async ({ signal }) => {
          // The worker first, which starts while everything else is loaded.
          const { prepareEdit } = await import("../../operations/archive-edit/edit-in-worker.ts");
          prepareEdit();
          const { editArchive } = await import("../../operations/archive-edit/edit-archive.ts");
          const { editToTgz } = await import("../../operations/archive-edit/edit-to-tgz.ts");
          const { readAccountDirectory } = await import("../../operations/archive-edit/read-account-directory.ts");
          const account = await readAccountDirectory(input, { damaged: flags.salvage ?? false });
          if (account) return convertAll(account, { input, target, version, flags, signal });
          await using opened = await openOneBackup(input, flags.salvage ?? false, signal);
          const { stored, salvage } = opened;
          using progress = new ProgressLine(process.stderr, { progress: flags.progress && !flags.json });
          const options = editOptions(stored, salvage, { version, flags, signal, progress });
          const result = flags.dryRun
            ? await editArchive(stored, options)
            : await (flags.to === "tgz" ? editToTgz : editArchive)(stored, { ...options, target });
          progress.clear();
          return printEdit(result, "archive convert", stored.stream, flags.json ?? false, salvage);
        },
      );
    });
}

function validate(flags: Flags, version: string | undefined): void {
  wanted(flags, version);
  refuseEmptyRange(cutSpec(flags).select ?? {});
}

interface Running {
  readonly version: string | undefined;
  readonly flags: Flags;
  readonly signal: AbortSignal;
}

/** How one backup is converted. */
function editOptions(
  stored: StoredStream,
  salvage: SalvageReport | undefined,
  { version, flags, signal, progress }: Running & { readonly progress: ProgressLine },
): Omit<EditOptions, "target"> {
  const { format, serverVersion } = wanted(flags, version);
  return {
    spec: { ...cutSpec(flags), ...(flags.consumers ? {} : { consumers: false }) },
    tool,
    signal,
    ...(format
      ? { format }
      : serverVersion
        ? { format: formatFor(serverVersion, flags.storage ?? stored.config?.storage) }
        : {}),
    ...(serverVersion ? { serverVersion } : {}),
    ...(flags.rename === undefined ? {} : { rename: flags.rename }),
    ...(flags.storage ? { storage: flags.storage } : {}),
    ...(flags.force ? { force: true } : {}),
    ...(salvage ? { notes: salvageNotes(salvage) } : {}),
    onRead: readingProgress(progress, stored),
  };
}

/** Converts an account's backup, one line a stream. */
async function convertAll(
  account: AccountDirectory,
  { input, target, ...running }: Running & { readonly input: string; readonly target: string },
): Promise<ExitCode> {
  const { flags, signal } = running;
  if (flags.rename !== undefined) {
    throw new RelightError("USAGE", `${input} holds the backups of several streams, which --rename cannot name`, {
      hint: "Give the directory of one of them.",
    });
  }
  const { convertAccount } = await import("../../operations/archive-edit/convert-account.ts");
  const json = flags.json ?? false;
  using progress = new ProgressLine(process.stderr, { progress: flags.progress && !json });
  for (const note of account.notes) process.stderr.write(`${note}\n`);
  const results = await convertAccount(account, {
    target,
    tgz: flags.to === "tgz",
    dryRun: flags.dryRun ?? false,
    salvage: flags.salvage ?? false,
    edit: (stored, salvage) => editOptions(stored, salvage, { ...running, progress }),
    ...(flags.force ? { force: true } : {}),
    signal,
    onResult: (result) => {
      progress.clear();
      printConverted(result, json);
    },
  });
  return printAllConverted(results, account.notes, json, flags.dryRun ?? false);
}

interface Wanted {
  readonly format?: "v1" | "v2";
  readonly serverVersion?: ServerVersion;
}

function wanted({ to }: Flags, version: string | undefined): Wanted {
  if (to === "dir-for-server") {
    const serverVersion =
      version === undefined ? undefined : parseServerVersion(/^v?\d+\.\d+$/.test(version) ? `${version}.0` : version);
    if (!serverVersion)
      throw new RelightError("USAGE", "--to dir-for-server needs a server's version, for instance 2.10 or 2.14.6");
    return { serverVersion };
  }
  if (version !== undefined)
    throw new RelightError("USAGE", `"${version}" is one argument too many; a version goes with --to dir-for-server`);
  if (to === "tgz") return { format: "v1" };
  return to ? { format: to } : {};
}

/** v1 goes to every server and is restored many times faster; only what is kept in memory needs v2. */
function formatFor({ minor, major }: ServerVersion, storage: string | undefined): "v1" | "v2" {
  return storage === "memory" && (major > 2 || minor >= 15) ? "v2" : "v1";
}
