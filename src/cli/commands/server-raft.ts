import type { Command } from "commander";
import { RelightError } from "../../errors.ts";
import { addConnectionOptions, connectionFlags } from "../options/connection-options.ts";
import { addLedgerOptions, type LedgerFlag } from "../options/ledger-options.ts";
import { addSystemOptions, systemFlags } from "../options/system-options.ts";
import { runLocalCommand } from "../run-local-command.ts";
import { tool } from "../version.ts";

interface RemoveFlags {
  readonly backups?: readonly string[];
  readonly release?: readonly string[];
  readonly withoutSpare?: boolean;
  readonly force?: string;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly progress: boolean;
  readonly json?: boolean;
  readonly ledger?: LedgerFlag;
  readonly audit?: string;
}

/** `nats server raft peer-remove`, with everything checked first and verified afterwards. */
export function registerServerRaft(parent: Command): void {
  const raft = parent
    .command("raft")
    .aliases(["cluster", "r"])
    .description("change the group of servers that decides where streams live");
  const command = raft
    .command("peer-remove <server>")
    .aliases(["rm", "pr"])
    .summary("remove a server that will not come back, so that its replicas are replaced")
    .description(
      "Removes a server for good, by its name or peer id: only that makes the cluster replace its replicas. It is refused while the\n" +
        "server answers, while a stream's last copy on it is in no backup, while a stream is below its quorum, or while no other\n" +
        "server can take a replica. Afterwards it waits until all that it had a part in is whole. To recover everything that a lost\n" +
        "server took with it, in order: relight cluster apply.",
    )
    .option(
      "--backups <dir...>",
      "backups that lost streams could be restored from: of an account or of single streams",
    )
    .option("--release <stream...>", "streams that may be lost, as ACCOUNT/STREAM; ACCOUNT/* for all of an account")
    .option("--without-spare", "it may be removed although streams have fewer replicas then")
    .option(
      "-f, --force <server>",
      "your word, by the server's name once more, to do it whatever the planner has against it",
    )
    .option("--yes", "do not ask")
    .option("--dry-run", "say what would become of its streams and what speaks against it, and do nothing")
    .option("--no-progress", "log lines instead of a line that is redrawn")
    .option("--json", "one JSON document on stdout: schemas/cluster-change.json");
  addLedgerOptions(command, { required: true })
    .option("--audit <file>", "where everything done is written down (default: beside the ledger)")
    .addHelpText(
      "after",
      "\nExamples:\n" +
        "  relight server raft peer-remove n3 --system-context sys --dry-run\n" +
        "  relight server raft peer-remove n3 --system-context sys --backups ./all\n" +
        "\nExit codes: 0 removed and verified, or no member; 3 refused or declined, or removed and something is left to be done;\n" +
        "1 failed; 11 a recovery of this cluster is at work; 130 cancelled.\n",
    );
  addConnectionOptions(addSystemOptions(command)).action(async (server: string, flags: RemoveFlags) => {
    await run(command, server, flags);
  });
}

async function run(command: Command, server: string, flags: RemoveFlags): Promise<void> {
  const json = flags.json ?? false;
  const asks = !flags.yes && !flags.dryRun && flags.force === undefined;
  const validate = (): void => {
    if (flags.force !== undefined && flags.force !== server) {
      throw new RelightError("USAGE", `--force needs the name of the server once more: --force ${server}`);
    }
    if (!asks || process.stdin.isTTY) return;
    throw new RelightError("USAGE", "it asks before a server is removed, and there is no terminal to ask on", {
      hint: "See what it would do: --dry-run. Then pass --yes.",
    });
  };
  await runLocalCommand({ json, command: "server raft peer-remove", validate }, async ({ signal }) => {
    const { openClusterSession } = await import("../open-cluster-session.ts");
    const { removeServer } = await import("../../operations/cluster-change/remove-server.ts");
    const { checkNamedLedger, openClusterLedger } = await import("../cluster-ledger.ts");
    const { confirmStep } = await import("../confirm-step.ts");
    const { changeExitCode, reportChange } = await import("../output/change-report.ts");
    const { RecoveryProgress } = await import("../output/recovery-report.ts");
    await checkNamedLedger(flags.ledger);
    await using session = await openClusterSession(connectionFlags(command), systemFlags(command), signal);
    if (!session.system) {
      throw new RelightError("USAGE", "a credential of the system account is needed: no other may remove a server", {
        hint: "Give --system-context, --system-creds, --system-nkey or --system-user.",
      });
    }
    const { path } = await openClusterLedger(flags.ledger, session);
    if (path === null)
      throw new RelightError("USAGE", "this server belongs to no cluster: there is none to remove it from");
    using progress = new RecoveryProgress(process.stderr, flags.progress && !json);
    const outcome = await removeServer(
      {
        server,
        system: session.system,
        account: session.session,
        words: { released: flags.release ?? [], restore: [], drain: [], withoutSpare: flags.withoutSpare ?? false },
        backups: flags.backups ?? [],
        ledger: path,
        force: flags.force !== undefined,
        dryRun: flags.dryRun ?? false,
        tool,
        ...(flags.audit === undefined ? {} : { audit: flags.audit }),
        confirm: asks ? (step): Promise<boolean> => confirmStep(step, signal) : undefined,
      },
      { signal, onEvent: (event) => progress.take(event) },
    );
    progress.clear();
    reportChange(outcome, json);
    return changeExitCode(outcome);
  });
}
