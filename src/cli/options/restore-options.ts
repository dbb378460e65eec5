import { type Command, InvalidArgumentError, Option } from "commander";
import type { IfExists, RestoreWishes } from "../../operations/stream-restore/restore-plan.ts";
import { addCutOptions, type CutFlags, cutSpec } from "./edit-options.ts";
import { collect, parsePositive } from "./size.ts";

/** The flags that every restore has. */
export interface RestoreFlags extends CutFlags {
  readonly storage?: "file" | "memory";
  readonly replicas?: number;
  readonly cluster?: string;
  readonly tag?: readonly string[];
  readonly ifExists: IfExists;
  readonly safetyDir?: string;
  readonly liftMaxAge?: boolean;
  readonly progress: boolean;
  readonly json?: boolean;
  readonly dryRun?: boolean;
}

/** Adds them. `what` names what is restored, in the help. */
export function addRestoreOptions(command: Command, what: { readonly one: string; readonly all: string }): Command {
  return addCutOptions(command)
    .addOption(new Option("--storage <kind>", "keep messages in file or memory").choices(["file", "memory"]))
    .option("--replicas <n>", "number of replicas", parsePositive)
    .option("--cluster <name>", `place ${what.all} in this cluster`)
    .option("--tag <tag>", `place ${what.all} on servers with this tag; may be repeated`, collect)
    .option(
      "--if-exists <mode>",
      `when ${what.one} exists: fail, skip, replace (after a safety backup) or side-by-side (under another name)`,
      parseIfExists,
      "fail",
    )
    .option("--safety-dir <dir>", "where safety backups of replaced streams go (default: beside the backup)")
    .option("--lift-max-age", "restore without max_age, so that old messages are not removed at once")
    .option("--no-progress", "log lines instead of a progress bar")
    .option("--json", "JSON lines on stdout, the last one a summary");
}

/** What the flags ask for. */
export function restoreWishes(flags: RestoreFlags): RestoreWishes {
  const cut = cutSpec(flags);
  return {
    ifExists: flags.ifExists,
    ...(flags.storage === undefined ? {} : { storage: flags.storage }),
    ...(Object.keys(cut).length === 0 ? {} : { cut }),
    ...(flags.replicas === undefined ? {} : { replicas: flags.replicas }),
    ...(flags.cluster === undefined ? {} : { cluster: flags.cluster }),
    ...(flags.tag === undefined ? {} : { tags: flags.tag }),
    ...(flags.liftMaxAge === undefined ? {} : { liftMaxAge: flags.liftMaxAge }),
  };
}

function parseIfExists(text: string): IfExists {
  if (text === "fail" || text === "skip" || text === "replace" || text === "side-by-side") return text;
  throw new InvalidArgumentError("Choose one of: fail, skip, replace, side-by-side.");
}
