import type { Command } from "commander";
import { ExitCode, RelightError } from "../../errors.ts";
import type { RecoveryOutcome } from "../../operations/cluster-recovery/recovery-request.ts";
import { addAccountOptions } from "../options/account-options.ts";
import { addConnectionOptions } from "../options/connection-options.ts";
import { durationOption } from "../options/duration.ts";
import { addLedgerOptions } from "../options/ledger-options.ts";
import { addRecoveryOptions, operatorWords, type RecoveryFlags } from "../options/recovery-options.ts";
import { addSystemOptions } from "../options/system-options.ts";
import { useColor } from "../output/use-color.ts";
import { printJson, runLocalCommand } from "../run-local-command.ts";
import { showClusterPlan } from "../show-cluster-plan.ts";
import { tool } from "../version.ts";

interface ApplyFlags extends RecoveryFlags {
  readonly yes?: boolean;
  readonly audit?: string;
  readonly wait: number;
  readonly dryRun?: boolean;
  readonly progress: boolean;
}

export function registerClusterApply(parent: Command): void {
  const command = parent
    .command("apply [plan]")
    .summary("do the steps of the recovery, one by one, each planned anew and verified")
    .description(
      "Looks, plans as `relight cluster plan` does, does the first step that is ready, waits until its effect is seen, and begins\n" +
        "again, until nothing is left that it may do. A stream whose step fails keeps only what hangs on it from being done; any\n" +
        "other failure ends it. With a plan from `cluster plan --json` it does the steps of that plan only. Killed or cancelled at\n" +
        "any moment, it goes on when it is run again.",
    );
  addLedgerOptions(addRecoveryOptions(command), { required: true })
    .option("--yes", "do not ask before steps that cannot be taken back")
    .option("--dry-run", "show the plan as it is now, as `relight cluster plan` does, and do none of it")
    .option("--audit <file>", "where everything done is written down (default: beside the ledger)")
    .addOption(durationOption("--wait <time>", "how long to wait in all for servers and time", "15m"))
    .option("--no-progress", "log lines instead of a line that is redrawn")
    .option("--json", "one JSON document on stdout: schemas/cluster-recovery.json")
    .addHelpText(
      "after",
      "\nExamples:\n" +
        "  relight cluster apply --system-context sys --gone n3 --backups ./all\n" +
        "  relight cluster apply --context orders --account-context shop --system-context sys --gone n3 --backups ./orders ./shop\n" +
        "  relight cluster apply plan.json --system-context sys --gone n3 --backups ./all --yes\n" +
        "\nExit codes: 0 nothing to do, or all done and verified; 3 something is left for a person; 1 a step failed; 11 another\n" +
        "recovery of this cluster is at work; 130 cancelled.\n",
    );
  addSystemOptions(command);
  addAccountOptions(command);
  addConnectionOptions(command).action(async (path: string | undefined, flags: ApplyFlags) => {
    const json = flags.json ?? false;
    if (flags.dryRun && path === undefined) {
      await showClusterPlan(command, flags, "cluster apply");
      return;
    }
    const validate = (): void => {
      if (flags.dryRun) {
        throw new RelightError("USAGE", "--dry-run plans anew, and a plan was given", {
          hint: "Leave one of them out.",
        });
      }
      if (flags.yes || process.stdin.isTTY) return;
      throw new RelightError(
        "USAGE",
        "it asks before steps that cannot be taken back, and there is no terminal to ask on",
        {
          hint: "See what it would do: --dry-run. Then pass --yes.",
        },
      );
    };
    await runLocalCommand({ json, command: "cluster apply", validate }, async ({ signal }) => {
      const { observeCluster } = await import("../../cluster/observe/observe-cluster.ts");
      const { coversOfCluster } = await import("../../operations/cluster-recovery/covers-of-cluster.ts");
      const { recoverCluster } = await import("../../operations/cluster-recovery/recover-cluster.ts");
      const { readBackupCovers } = await import("../../operations/cluster-recovery/read-backup-covers.ts");
      const { checkNamedLedger, openClusterLedger } = await import("../cluster-ledger.ts");
      const { confirmStep } = await import("../confirm-step.ts");
      const { refuseUnknownServers } = await import("../known-servers.ts");
      const { openClusterSession } = await import("../open-cluster-session.ts");
      const { renderClusterPlan } = await import("../output/cluster-plan.ts");
      const { RecoveryProgress, renderRecovery } = await import("../output/recovery-report.ts");
      const { withAccounts } = await import("../output/same-command.ts");
      const { readPlanFile } = await import("../read-plan-file.ts");
      // What is wrong with the command line is said before anything is waited for.
      const given = path === undefined ? undefined : await readPlanFile(path);
      await checkNamedLedger(flags.ledger);
      const found = await readBackupCovers(flags.backups ?? []);
      const words = operatorWords(flags);
      await using session = await openClusterSession(command, signal);
      const { system } = session;
      if (!system) {
        throw new RelightError(
          "USAGE",
          "a credential of the system account is needed: the servers are asked themselves",
          {
            hint: "Give --system-context, --system-creds, --system-nkey or --system-user.",
          },
        );
      }
      const known = await openClusterLedger(flags.ledger, session);
      if (known.path === null) {
        throw new RelightError("USAGE", "this server belongs to no cluster, so that there is no ledger of one", {
          hint: "Name one with --ledger, if there is something to recover all the same.",
        });
      }
      const first = await observeCluster({
        account: session.account,
        others: session.otherAccounts,
        system,
        signal,
      });
      refuseUnknownServers(words, first, known.before);
      for (const text of coversOfCluster(found, first).refused) {
        process.stderr.write(`relight: not counted as a backup: ${text}\n`);
      }
      const color = useColor();
      using progress = new RecoveryProgress(process.stderr, flags.progress && !json);
      let shown = false;
      const outcome = await recoverCluster(
        {
          account: session.session,
          others: session.others,
          system,
          words,
          backups: flags.backups ?? [],
          accept: flags.accept ?? [],
          ledger: known.path,
          earlier: first,
          maxWaitMs: flags.wait,
          tool,
          ...(flags.audit === undefined ? {} : { audit: flags.audit }),
          ...(given === undefined ? {} : { only: new Set(given.steps.map(({ id }) => id)) }),
          ...(flags.yes
            ? {}
            : {
                confirm: (step) => {
                  progress.clear();
                  return confirmStep(step, signal);
                },
              }),
        },
        {
          signal,
          onEvent: (event) => {
            // The first plan that is more than a wait as a whole; what becomes of it is told step by step.
            if (event.kind === "planned" && event.plan.outlook !== "wait" && !shown && !json) {
              shown = true;
              if (event.plan.steps.length > 0) {
                process.stdout.write(
                  `${renderClusterPlan(event.plan, { notSeen: [], ledger: null, color, applied: true })}\n`,
                );
              }
            }
            progress.take(event);
          },
        },
      );
      progress.clear();
      if (json) printJson(outcome);
      else {
        process.stdout.write(renderRecovery(outcome, color));
        const missing = [...new Set(outcome.left.flatMap(({ account = [] }) => account))];
        if (missing.length > 0) process.stdout.write(`Next: ${withAccounts(process.argv.slice(2), missing)}\n`);
      }
      return exitCodeOf(outcome);
    });
  });
}

function exitCodeOf({ status }: RecoveryOutcome): ExitCode {
  switch (status) {
    case "whole":
    case "recovered":
      return ExitCode.ok;
    case "left":
      return ExitCode.incomplete;
    case "failed":
      return ExitCode.failed;
    case "cancelled":
      return ExitCode.cancelled;
  }
}
