import type { Command } from "commander";
import { RelightError } from "../../errors.ts";
import type { ClusterSession } from "../open-cluster-session.ts";
import { addAccountOptions } from "../options/account-options.ts";
import { addConnectionOptions } from "../options/connection-options.ts";
import { addSystemOptions } from "../options/system-options.ts";
import { addChangeOutputOptions, type ChangeFlags, runChange } from "../run-change.ts";
import { tool } from "../version.ts";

interface RemoveFlags extends ChangeFlags {
  readonly backups?: readonly string[];
  readonly release?: readonly string[];
  readonly withoutSpare?: boolean;
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
    .option("--dry-run", "say what would become of its streams and what speaks against it, and do nothing");
  addChangeOutputOptions(command).addHelpText(
    "after",
    "\nExamples:\n" +
      "  relight server raft peer-remove n3 --system-context sys --dry-run\n" +
      "  relight server raft peer-remove n3 --system-context sys --backups ./all\n" +
      "\nExit codes: 0 removed and verified, or no member; 3 refused or declined, or removed and something is left to be done;\n" +
      "1 failed; 11 a recovery of this cluster is at work; 130 cancelled.\n",
  );
  addConnectionOptions(addAccountOptions(addSystemOptions(command))).action(
    async (server: string, flags: RemoveFlags) => {
      await run(command, server, flags);
    },
  );
}

async function run(command: Command, server: string, flags: RemoveFlags): Promise<void> {
  const what = {
    name: "server raft peer-remove",
    server,
    before: "a server is removed",
    noCluster: "there is none to remove it from",
  };
  await runChange(command, flags, what, systemOf, async ({ session, basis, confirm, options }) => {
    const { removeServer } = await import("../../operations/cluster-change/remove-server.ts");
    const request = {
      ...basis,
      server,
      system: systemOf(session),
      account: session.session,
      others: session.others,
      words: { released: flags.release ?? [], restore: [], drain: [], withoutSpare: flags.withoutSpare ?? false },
      backups: flags.backups ?? [],
      tool,
      confirm,
    };
    return await removeServer(request, options);
  });
}

function systemOf({ system }: ClusterSession): NonNullable<ClusterSession["system"]> {
  if (system) return system;
  throw new RelightError("USAGE", "a credential of the system account is needed: no other may remove a server", {
    hint: "Give --system-context, --system-creds, --system-nkey or --system-user.",
  });
}
