import type { Command } from "commander";
import type { PlanStep } from "../cluster/plan/cluster-plan.ts";
import { RelightError } from "../errors.ts";
import type { ChangeOutcome } from "../operations/cluster-change/change-outcome.ts";
import type { ChangeOptions } from "../operations/cluster-change/change-stream.ts";
import type { ClusterSession } from "./open-cluster-session.ts";
import { addLedgerOptions, type LedgerFlag } from "./options/ledger-options.ts";
import { runLocalCommand } from "./run-local-command.ts";

/** Flags of every command that changes a group of a cluster. */
export interface ChangeFlags {
  readonly force?: string;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly progress: boolean;
  readonly json?: boolean;
  readonly ledger?: LedgerFlag;
  readonly audit?: string;
}

export interface ChangeCommand {
  /** "stream cluster move", for the summary of a failure. */
  readonly name: string;
  /** What `--force` has to name once more; undefined where there is no such flag. */
  readonly server: string | undefined;
  /** "a server is removed": what it asks before; undefined where it asks nothing. */
  readonly before: string | undefined;
  /** Why there is nothing to change where the server belongs to no cluster. */
  readonly noCluster: string;
}

/** What is the same in all requests. */
export interface ChangeBasis {
  readonly ledger: string;
  readonly force: boolean;
  readonly dryRun: boolean;
  readonly audit?: string;
}

export interface ChangeRun {
  readonly session: ClusterSession;
  readonly basis: ChangeBasis;
  /** Asks a person; undefined where nobody is to be asked. */
  readonly confirm: ((step: PlanStep) => Promise<boolean>) | undefined;
  readonly options: ChangeOptions;
}

/** Adds the options that come last in all of them. */
export function addChangeOutputOptions(command: Command): Command {
  command
    .option("--no-progress", "log lines instead of a line that is redrawn")
    .option("--json", "one JSON document on stdout: schemas/cluster-change.json");
  return addLedgerOptions(command, { required: true }).option(
    "--audit <file>",
    "where everything done is written down (default: beside the ledger)",
  );
}

/** Runs one change: refuses what contradicts itself, connects (`check` says what is missing then), changes, and reports. */
export async function runChange(
  command: Command,
  flags: ChangeFlags,
  { name, server, before, noCluster }: ChangeCommand,
  check: (session: ClusterSession) => void,
  change: (run: ChangeRun) => Promise<ChangeOutcome>,
): Promise<void> {
  const json = flags.json ?? false;
  const asks = before !== undefined && !flags.yes && !flags.dryRun && flags.force === undefined;
  const validate = (): void => {
    if (flags.force !== undefined && server !== undefined && flags.force !== server) {
      throw new RelightError("USAGE", `--force needs the name of the server once more: --force ${server}`);
    }
    if (!asks || process.stdin.isTTY) return;
    throw new RelightError("USAGE", `it asks before ${before}, and there is no terminal to ask on`, {
      hint: "See what it would do: --dry-run. Then pass --yes.",
    });
  };
  await runLocalCommand({ json, command: name, validate }, async ({ signal }) => {
    const { openClusterSession } = await import("./open-cluster-session.ts");
    const { checkNamedLedger, openClusterLedger } = await import("./cluster-ledger.ts");
    const { confirmStep } = await import("./confirm-step.ts");
    const { changeExitCode, reportChange } = await import("./output/change-report.ts");
    const { RecoveryProgress } = await import("./output/recovery-report.ts");
    await checkNamedLedger(flags.ledger);
    await using session = await openClusterSession(command, signal);
    check(session);
    const { path } = await openClusterLedger(flags.ledger, session);
    if (path === null) throw new RelightError("USAGE", `this server belongs to no cluster: ${noCluster}`);
    using progress = new RecoveryProgress(process.stderr, flags.progress && !json);
    const outcome = await change({
      session,
      basis: {
        ledger: path,
        force: flags.force !== undefined,
        dryRun: flags.dryRun ?? false,
        ...(flags.audit === undefined ? {} : { audit: flags.audit }),
      },
      confirm: asks ? (step) => confirmStep(step, signal) : undefined,
      options: { signal, onEvent: (event) => progress.take(event) },
    });
    progress.clear();
    reportChange(outcome, json);
    return changeExitCode(outcome);
  });
}
