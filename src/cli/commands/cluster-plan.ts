import type { Command } from "commander";
import type { Ledger } from "../../cluster/ledger.ts";
import type { Picture } from "../../cluster/picture.ts";
import type { ClusterPlan } from "../../cluster/plan/cluster-plan.ts";
import type { PlanRequest } from "../../cluster/plan/plan-request.ts";
import { ExitCode } from "../../errors.ts";
import { addConnectionOptions, connectionFlags } from "../options/connection-options.ts";
import { addSystemOptions, systemFlags } from "../options/system-options.ts";
import type { BackupCovers } from "../read-backup-covers.ts";
import { printJson, runLocalCommand } from "../run-local-command.ts";

interface PlanFlags {
  readonly gone?: readonly string[];
  readonly backups?: readonly string[];
  readonly release?: readonly string[];
  readonly withoutSpare?: boolean;
  readonly ledger?: string;
  readonly json?: boolean;
}

export function registerClusterPlan(parent: Command): void {
  const command = parent
    .command("plan")
    .summary("show which steps get back what the cluster has lost, in which order; do none of them")
    .description(
      "Looks at the cluster twice, 12 s apart, and prints the steps of its recovery in order: what each is for, what it may\n" +
        "cost, what it waits for, what blocks it and the cure. It changes nothing in the cluster, and this release carries no plan\n" +
        "out. Exit code 0: there is nothing to do, or no step needs a person to decide or repair; 3: one does.",
    )
    .option("--gone <server...>", "your word that these servers will not come back, by name or peer id")
    .option(
      "--backups <dir...>",
      "backups that lost streams could be restored from: of an account or of single streams",
    )
    .option("--release <stream...>", "streams that may be lost, as ACCOUNT/STREAM; ACCOUNT/* for all of an account")
    .option("--without-spare", "dead servers may be removed although streams have fewer replicas then")
    .option("--ledger <file>", "remember in this file what streams hold and where; give it from the good days on")
    .option("--json", "one JSON document on stdout: schemas/cluster-plan.json")
    .addHelpText(
      "after",
      "\nExamples:\n" +
        "  relight cluster plan --system-context sys --ledger prod.ledger      on good days: empty, and remembered\n" +
        "  relight cluster plan --system-context sys --ledger prod.ledger --gone n3 --backups ./all\n" +
        "  relight cluster plan --system-context sys --json | jq '.steps[] | {id, state, blockers}'\n" +
        "\nWithout a ledger nobody knows what a stream on a dead server held: no backup covers it then.\n",
    );
  addSystemOptions(command);
  addConnectionOptions(command).action(async (flags: PlanFlags) => {
    await runLocalCommand({ json: flags.json ?? false, command: "cluster plan" }, async ({ signal }) => {
      const { openClusterSession } = await import("../open-cluster-session.ts");
      const { takePicture } = await import("../../cluster/observe/take-picture.ts");
      const { planCluster } = await import("../../cluster/plan/plan-cluster.ts");
      const { refuseUnknownServers } = await import("../known-servers.ts");
      const { readBackupCovers } = await import("../read-backup-covers.ts");
      const { readLedgerFile } = await import("../ledger-file.ts");
      // What is wrong with the command line is said before anything is waited for.
      const before = flags.ledger === undefined ? undefined : await readLedgerFile(flags.ledger);
      const found = await readBackupCovers(flags.backups ?? []);
      const gone = flags.gone ?? [];
      await using session = await openClusterSession(connectionFlags(command), systemFlags(command), signal);
      const picture = await takePicture({
        account: session.account,
        system: session.system,
        enough: (first) => {
          refuseUnknownServers(gone, first, before);
          return false;
        },
        onWait: (ms) => {
          process.stderr.write(`Looking again in ${Math.ceil(ms / 1000)} s: one look is not enough to plan from.\n`);
        },
        signal,
      });
      const ledger = await remember(flags.ledger, before, picture);
      const { covers, refused } = ofThisCluster(found, picture);
      const request: PlanRequest = await requestOf(flags, { picture, ledger, backups: covers });
      const plan = withNotes(planCluster(request), flags.ledger !== undefined, refused);
      if (flags.json) printJson(plan);
      else {
        const { renderClusterPlan } = await import("../output/cluster-plan.ts");
        const { whatIsUnseen } = await import("../../cluster/what-is-unseen.ts");
        const color = process.stdout.isTTY === true && !process.env.NO_COLOR;
        process.stdout.write(renderClusterPlan(plan, whatIsUnseen(picture.later), color));
      }
      return plan.complete ? ExitCode.ok : ExitCode.incomplete;
    });
  });
}

async function remember(path: string | undefined, before: Ledger | undefined, picture: Picture): Promise<Ledger> {
  const { updateLedgerFile } = await import("../ledger-file.ts");
  const { emptyLedger } = await import("../../cluster/ledger.ts");
  const { mergeLedger } = await import("../../cluster/merge-ledger.ts");
  if (path === undefined) return mergeLedger(emptyLedger, picture);
  const ledger = await updateLedgerFile(path, picture);
  if (before === undefined) {
    process.stderr.write(`relight: ${path} is new: it knows nothing of the time before this look\n`);
  }
  return ledger;
}

async function requestOf(
  flags: PlanFlags,
  seen: Pick<PlanRequest, "picture" | "ledger" | "backups">,
): Promise<PlanRequest> {
  const { defaultThresholds, noWords } = await import("../../cluster/plan/plan-request.ts");
  const words = {
    ...noWords,
    gone: flags.gone ?? [],
    released: flags.release ?? [],
    withoutSpare: flags.withoutSpare ?? false,
  };
  return { ...seen, words, thresholds: defaultThresholds, now: new Date().toISOString() };
}

/** A stream of the same name on another cluster is another stream. */
function ofThisCluster(
  { covers, refused }: BackupCovers,
  { later }: Picture,
): { readonly covers: PlanRequest["backups"]; readonly refused: readonly string[] } {
  const here = later.servers.flatMap(({ cluster }) => (typeof cluster === "string" ? [cluster] : []));
  const foreign = covers.filter(({ cluster }) => cluster !== null && here.length > 0 && !here.includes(cluster));
  return {
    covers: covers.filter((one) => !foreign.includes(one)).map(({ cover }) => cover),
    refused: [
      ...refused,
      ...foreign.map(({ cover, cluster }) => `${cover.path} (${cover.stream}): it is of the cluster ${cluster}`),
    ],
  };
}

function withNotes(plan: ClusterPlan, hasLedger: boolean, refused: readonly string[]): ClusterPlan {
  const notes = [...plan.notes, ...refused.map((text) => `Not counted as a backup: ${text}.`)];
  if (!hasLedger) {
    notes.push(
      "Without a ledger (--ledger) it cannot be known what a stream held that does not answer, so no backup is known to cover it; " +
        "whether a stream was created anew, empty, or has vanished; since when something is stuck.",
    );
  }
  return { ...plan, notes };
}
