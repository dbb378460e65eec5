import type { Command } from "commander";
import { RelightError } from "../../errors.ts";
import type { EditSpec } from "../../formats/edit/run-edit.ts";
import type { SubjectRule } from "../../formats/subjects/subject-map.ts";
import { openOneBackup } from "../open-one-backup.ts";
import {
  addSelectOptions,
  refuseEmptyRange,
  type SelectFlags,
  salvageHelp,
  selectionOf,
  subjectRule,
} from "../options/edit-options.ts";
import { parsePositive } from "../options/size.ts";
import { printEdit, readingProgress } from "../output/edit-report.ts";
import { ProgressLine } from "../output/progress-line.ts";
import { salvageNotes } from "../output/salvage-lines.ts";
import { runLocalCommand } from "../run-local-command.ts";
import { tool } from "../version.ts";

interface Flags extends SelectFlags {
  readonly lastPerSubject?: number;
  readonly kvCompact?: boolean;
  readonly renumber?: boolean;
  readonly obfuscate?: boolean;
  readonly obfuscationKey?: string;
  readonly subjectMap?: readonly SubjectRule[];
  readonly consumers: boolean;
  readonly salvage?: boolean;
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly progress: boolean;
  readonly json?: boolean;
}

export function registerArchiveEdit(parent: Command): void {
  const command = parent
    .command("edit <in> [out]")
    .summary("make a backup that holds a part of another")
    .description(
      "Makes another backup of a stream's backup, of either archive format: the messages that all filters keep, and the\n" +
        "consumers where they stand then. The source stays as it is. The result is read back and proven.",
    );
  addSelectOptions(command)
    .option("--last-per-subject <n>", "keep only the newest n messages of every subject", parsePositive)
    .option("--kv-compact", "keep the newest value of each key, and no removed keys (KV buckets)")
    .option("--renumber", "number the messages anew, from 1")
    .option("--subject-map <from:to>", "rename subjects, e.g. orders.*:archive.$1; may be repeated", subjectRule)
    .option("--no-consumers", "leave out the consumers")
    .option(
      "--obfuscate",
      "replace names and subjects by keyed hashes and payloads by zeros; the keys go beside the target",
    )
    .option("--obfuscation-key <file>", "use the keys of an earlier key file again")
    .option("--salvage", salvageHelp)
    .option("--dry-run", "say what would be kept, write nothing")
    .option("-f, --force", "replace a backup that stands in the directory")
    .option("--no-progress", "no progress bar")
    .option("--json", "one JSON document on stdout")
    .addHelpText(
      "after",
      "\nExamples:\n" +
        "  relight archive edit ./orders ./eu --subject 'orders.eu.>' --after 24h\n" +
        "  relight archive edit ./KV_users ./small --kv-compact --dry-run\n" +
        "  relight archive edit ./orders ./for-support --obfuscate\n" +
        "  relight archive edit ./damaged ./readable --salvage --after 24h\n" +
        "\nExit codes: 0 edited, 1 failed, 3 a part could not be read with --salvage, 13 damaged.\n",
    )
    .action(async (input: string, target: string | undefined, flags: Flags) => {
      await runLocalCommand(
        { json: flags.json ?? false, command: "archive edit", validate: () => validate(target, flags) },
        async ({ signal }) => {
          // The worker first, which starts while everything else is loaded.
          const { prepareEdit } = await import("../../operations/archive-edit/edit-in-worker.ts");
          prepareEdit();
          const { editArchive } = await import("../../operations/archive-edit/edit-archive.ts");
          await using opened = await openOneBackup(input, flags.salvage ?? false, signal);
          const { stored, salvage } = opened;
          if (flags.kvCompact && !isBucket(stored.config ?? {})) {
            throw new RelightError("USAGE", `${input} is not the backup of a KV bucket, which --kv-compact is for`);
          }
          using progress = new ProgressLine(process.stderr, { progress: flags.progress && !flags.json });
          const result = await editArchive(stored, {
            spec: specOf(flags),
            tool,
            signal,
            ...(target === undefined || flags.dryRun ? {} : { target }),
            ...(flags.force ? { force: true } : {}),
            ...(flags.obfuscate ? { obfuscate: flags.obfuscationKey ? { keyFile: flags.obfuscationKey } : {} } : {}),
            ...(salvage ? { notes: salvageNotes(salvage) } : {}),
            onRead: readingProgress(progress, stored),
          });
          progress.clear();
          return printEdit(result, "archive edit", stored.stream, flags.json ?? false, salvage);
        },
      );
    });
}

function specOf(flags: Flags): EditSpec {
  const select = selectionOf(flags);
  const newest = flags.kvCompact
    ? { count: 1, dropRemovedKeys: true }
    : flags.lastPerSubject === undefined
      ? undefined
      : { count: flags.lastPerSubject };
  return {
    ...(select ? { select } : {}),
    ...(newest ? { newest } : {}),
    ...(flags.renumber ? { renumber: true } : {}),
    ...(flags.subjectMap ? { subjectRules: flags.subjectMap } : {}),
    ...(flags.consumers ? {} : { consumers: false }),
  };
}

function validate(target: string | undefined, flags: Flags): void {
  refuseEmptyRange(selectionOf(flags) ?? {});
  if (target === undefined && !flags.dryRun) {
    throw new RelightError("USAGE", "say where the edited backup is to go, or --dry-run");
  }
  if (flags.kvCompact && flags.lastPerSubject !== undefined) {
    throw new RelightError("USAGE", "--kv-compact and --last-per-subject exclude each other");
  }
  if (flags.obfuscationKey !== undefined && !flags.obfuscate) {
    throw new RelightError("USAGE", "--obfuscation-key goes with --obfuscate");
  }
}

function isBucket({
  name,
  subjects,
}: {
  readonly name?: string;
  readonly subjects?: readonly string[];
}): boolean | undefined {
  return name?.startsWith("KV_") && subjects?.length === 1 && subjects[0] === `$KV.${name.slice(3)}.>`;
}
