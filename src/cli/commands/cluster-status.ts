import type { Command } from "commander";
import type { ClusterStatus } from "../../cluster/cluster-status.ts";
import type { Picture } from "../../cluster/picture.ts";
import { ExitCode } from "../../errors.ts";
import { addAccountOptions } from "../options/account-options.ts";
import { addConnectionOptions } from "../options/connection-options.ts";
import { addLedgerOptions, type LedgerFlag } from "../options/ledger-options.ts";
import { addSystemOptions } from "../options/system-options.ts";
import { useColor } from "../output/use-color.ts";
import { printJson, runLocalCommand } from "../run-local-command.ts";

interface StatusFlags {
  readonly once?: boolean;
  readonly all?: boolean;
  readonly ledger?: LedgerFlag;
  readonly json?: boolean;
}

export function registerClusterStatus(parent: Command): void {
  const command = parent
    .command("status")
    .summary("show which streams lost a replica, their quorum, or everything")
    .description(
      "Shows a traffic light for every stream with the reason, the servers and the meta group, and says what it could not see.\n" +
        "Where something is wrong it looks a second time 12 s later, since a cluster takes 10 s to miss a server.\n" +
        "It changes nothing in the cluster, and remembers what it saw for the day that something is lost.\n" +
        "Exit code 0: all is well; 3: something is not.",
    )
    .option("--once", "look only once, also where something is wrong")
    .option("--all", "list healthy streams too, however many there are")
    .option("--json", "one JSON document on stdout, with the whole picture")
    .addHelpText(
      "after",
      "\nExamples:\n" +
        "  relight cluster status --system-context sys\n" +
        "  relight cluster status --context orders --system-creds sys.creds --once\n" +
        "  relight cluster status --system-context sys --json | jq '.streams[] | select(.light != \"green\")'\n",
    );
  addLedgerOptions(command);
  addSystemOptions(command);
  addAccountOptions(command);
  addConnectionOptions(command).action(async (flags: StatusFlags) => {
    await runLocalCommand({ json: flags.json ?? false, command: "cluster status" }, async ({ signal }) => {
      const { openClusterSession } = await import("../open-cluster-session.ts");
      const { takePicture } = await import("../../cluster/observe/take-picture.ts");
      const { checkNamedLedger, knownBefore, rememberInPassing } = await import("../cluster-ledger.ts");
      const { clusterStatus, isPlainlyHealthy } = await import("../../cluster/cluster-status.ts");
      await checkNamedLedger(flags.ledger);
      await using session = await openClusterSession(command, signal);
      const known = session.system ? await knownBefore(flags.ledger, session) : undefined;
      const picture = await takePicture({
        account: session.account,
        others: session.otherAccounts,
        system: session.system,
        enough: (first) => flags.once === true || isPlainlyHealthy(first, known),
        onWait: (ms) => {
          process.stderr.write(`Something is wrong; looking again in ${Math.ceil(ms / 1000)} s (--once does not).\n`);
        },
        signal,
      });
      await rememberInPassing(flags.ledger, session, picture);
      const status = clusterStatus(picture, known);
      if (flags.json) printJson(statusJson(status, picture));
      else {
        const { renderClusterStatus } = await import("../output/cluster-status.ts");
        const color = useColor();
        process.stdout.write(renderClusterStatus(status, picture, { all: flags.all ?? false, color }));
      }
      return status.light === "green" ? ExitCode.ok : ExitCode.incomplete;
    });
  });
}

function statusJson({ light, meta, servers, streams, returned, notSeen }: ClusterStatus, picture: Picture): object {
  return {
    light,
    meta,
    servers,
    streams: streams.map(({ lastSeq, leaderlessConsumers, ...stream }) => ({
      ...stream,
      last_seq: lastSeq,
      leaderless_consumers: leaderlessConsumers,
    })),
    returned,
    not_seen: notSeen,
    picture,
  };
}
