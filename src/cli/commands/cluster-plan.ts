import type { Command } from "commander";
import { addAccountOptions } from "../options/account-options.ts";
import { addConnectionOptions } from "../options/connection-options.ts";
import { addLedgerOptions } from "../options/ledger-options.ts";
import { addRecoveryOptions, type RecoveryFlags } from "../options/recovery-options.ts";
import { addSystemOptions } from "../options/system-options.ts";
import { showClusterPlan } from "../show-cluster-plan.ts";

export function registerClusterPlan(parent: Command): void {
  const command = parent
    .command("plan")
    .summary("show which steps get back what the cluster has lost, in which order; do none of them")
    .description(
      "Looks at the cluster twice, 12 s apart, and prints the steps of its recovery in order: what each is for, what it may\n" +
        "cost, what it waits for, what blocks it and the cure. It changes nothing in the cluster; `relight cluster apply` does\n" +
        "these steps. Exit code 0: `apply` could do all of it, or there is nothing to do; 3: something is left for a person.",
    );
  addLedgerOptions(addRecoveryOptions(command))
    .option("--json", "one JSON document on stdout: schemas/cluster-plan.json")
    .addHelpText(
      "after",
      "\nExamples:\n" +
        "  relight cluster plan --system-context sys\n" +
        "  relight cluster plan --system-context sys --gone n3 --backups ./all\n" +
        "  relight cluster plan --system-context sys --gone n3 --json > plan.json\n" +
        "\nWhat streams hold, and where, is remembered by every `relight cluster` command. Run `relight cluster status` now and\n" +
        "then on good days: without that memory nobody knows what a stream on a dead server held, and no backup covers it.\n",
    );
  addSystemOptions(command);
  addAccountOptions(command);
  addConnectionOptions(command).action(async (flags: RecoveryFlags) => {
    await showClusterPlan(command, flags, "cluster plan");
  });
}
