import type { Command } from "commander";
import type { ClusterPlan } from "../cluster/plan/cluster-plan.ts";
import { ExitCode, RelightError } from "../errors.ts";
import { operatorWords, type RecoveryFlags } from "./options/recovery-options.ts";
import { useColor } from "./output/use-color.ts";
import { printJson, runLocalCommand } from "./run-local-command.ts";

/** Looks twice, plans, and shows the plan; what it saw is remembered, and nothing else is done. `name`: the command, for a failure's summary. */
export async function showClusterPlan(command: Command, flags: RecoveryFlags, name: string): Promise<void> {
  await runLocalCommand({ json: flags.json ?? false, command: name }, async ({ signal }) => {
    const { openClusterSession } = await import("./open-cluster-session.ts");
    const { takePicture } = await import("../cluster/observe/take-picture.ts");
    const { planCluster } = await import("../cluster/plan/plan-cluster.ts");
    const { defaultThresholds } = await import("../cluster/plan/plan-request.ts");
    const { coversOfCluster } = await import("../operations/cluster-recovery/covers-of-cluster.ts");
    const { readBackupCovers } = await import("../operations/cluster-recovery/read-backup-covers.ts");
    const { checkNamedLedger, openClusterLedger, remember } = await import("./cluster-ledger.ts");
    const { refuseUnknownServers } = await import("./known-servers.ts");
    // What is wrong with the command line is said before anything is waited for.
    await checkNamedLedger(flags.ledger);
    const found = await readBackupCovers(flags.backups ?? []);
    const words = operatorWords(flags);
    await using session = await openClusterSession(command, signal);
    if (!(session.system ?? session.account?.connection)?.info?.cluster) {
      throw new RelightError("USAGE", "this server belongs to no cluster, so that there is nothing to plan", {
        hint: "What it has, and how it is: relight cluster status. What is lost comes back with: relight stream restore <backup>.",
      });
    }
    const known = await openClusterLedger(flags.ledger, session);
    const picture = await takePicture({
      account: session.account,
      others: session.otherAccounts,
      system: session.system,
      enough: (first) => {
        refuseUnknownServers(words, first, known.before);
        // Without the servers' own answers a second look brings no more.
        return session.system === undefined;
      },
      onWait: (ms) => {
        process.stderr.write(`Looking again in ${Math.ceil(ms / 1000)} s: one look is not enough to plan from.\n`);
      },
      signal,
    });
    const used = session.system ? known : { ...known, path: null };
    const ledger = await remember(used, picture, flags.accept);
    const { covers, refused } = coversOfCluster(found, picture.later);
    const now = new Date().toISOString();
    const planned = planCluster({ picture, ledger, backups: covers, words, thresholds: defaultThresholds, now });
    const plan = withNotes(planned, known.path !== null, refused);
    if (flags.json) printJson(plan);
    else {
      const { renderClusterPlan } = await import("./output/cluster-plan.ts");
      const { whatIsUnseen } = await import("../cluster/what-is-unseen.ts");
      const color = useColor();
      const notSeen = whatIsUnseen(picture.later);
      process.stdout.write(
        renderClusterPlan(plan, { notSeen, ledger: used.path, color, looks: picture.earlier === null ? 1 : 2 }),
      );
    }
    return plan.complete ? ExitCode.ok : ExitCode.incomplete;
  });
}

function withNotes(plan: ClusterPlan, hasLedger: boolean, refused: readonly string[]): ClusterPlan {
  const notes = [...plan.notes, ...refused.map((text) => `Not counted as a backup: ${text}.`)];
  if (plan.steps.some(({ kind }) => kind === "restore")) {
    notes.push(
      "The archives of the backups were not read for this plan: `relight cluster apply` reads them before its first step without a " +
        "way back, `relight archive verify` at once.",
    );
  }
  if (!hasLedger) {
    notes.push(
      "Without a ledger it cannot be known what a stream held that does not answer, so no backup is known to cover it; " +
        "whether a stream was created anew, empty, or has vanished; since when something is stuck.",
    );
  }
  return { ...plan, notes };
}
