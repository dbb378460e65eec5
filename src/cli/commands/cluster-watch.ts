import type { Command } from "commander";
import { ExitCode, RelightError } from "../../errors.ts";
import type { WatchEvent } from "../../operations/cluster-watch/watch-request.ts";
import { addAccountOptions } from "../options/account-options.ts";
import { addConnectionOptions } from "../options/connection-options.ts";
import { durationOption } from "../options/duration.ts";
import { addLedgerOptions, type LedgerFlag } from "../options/ledger-options.ts";
import { addSystemOptions } from "../options/system-options.ts";
import { printJson, runLocalCommand } from "../run-local-command.ts";
import { tool } from "../version.ts";

interface WatchFlags {
  readonly interval: number;
  readonly auto?: boolean;
  readonly goneAfter: number;
  readonly backups?: readonly string[];
  readonly audit?: string;
  readonly ledger?: LedgerFlag;
  readonly progress: boolean;
  readonly json?: boolean;
}

export function registerClusterWatch(parent: Command): void {
  const command = parent
    .command("watch")
    .summary("show live what the cluster has lost and what could be done; with --auto replace a dead server")
    .description(
      "Looks at the cluster every few seconds until it is stopped: on a terminal the lights of `relight cluster status` and what\n" +
        "`relight cluster plan` proposes, else a line for each change. A lost connection is shown, and does not end it. It remembers\n" +
        "what streams hold, which is what a backup has to be held against when a server dies.\n" +
        "With --auto it replaces a dead server by itself, and does nothing else: only where it saw that one server die, all else is\n" +
        "well, every stream on it has its quorum, another server can take each replica, and every stream that was on it alone is in a\n" +
        "fresh backup. Everything else is proposed, with the reasons. See docs/cluster-watch.md.",
    )
    .addOption(durationOption("--interval <time>", "from one look to the next", "5s"))
    .option("--auto", "replace a dead server by itself where all of that holds")
    .addOption(
      durationOption(
        "--gone-after <time>",
        "how long a server has to be silent, and called offline, to count as gone",
        "10m",
      ),
    )
    .option(
      "--backups <dir...>",
      "backups that lost streams could be restored from; read again while something is wrong",
    );
  addLedgerOptions(command)
    .option("--audit <file>", "where everything done is written down (default: beside the ledger)")
    .option("--no-progress", "lines instead of a screen that is redrawn, also on a terminal")
    .option("--json", "JSON lines, one for each change: schemas/cluster-watch.json")
    .addHelpText(
      "after",
      "\nExamples:\n" +
        "  relight cluster watch --system-context sys\n" +
        "  relight cluster watch --system-context sys --json | jq 'select(.light == \"red\")'\n" +
        "  relight cluster watch --system-context sys --auto --gone-after 30m --backups ./all\n" +
        "\nA server that reads a large store as it starts is as silent as a dead one: let --gone-after be longer than your slowest\n" +
        "start. Run one watch with --auto for a cluster, and not on one of its servers.\n" +
        "\nExit codes: 0 stopped by Ctrl-C or SIGTERM, which is how it ends; 130 stopped while it was replacing a server; 14 the cluster\n" +
        "could not be reached at the begin.\n",
    );
  addSystemOptions(command);
  addAccountOptions(command);
  addConnectionOptions(command).action(async (flags: WatchFlags) => {
    const json = flags.json ?? false;
    const validate = (): void => {
      const usage = (message: string, hint: string): RelightError => new RelightError("USAGE", message, { hint });
      if (flags.interval < 1_000) throw usage("--interval must be at least 1s", "Every look asks every server.");
      if (flags.auto && flags.ledger === false) {
        throw usage("--auto cannot be without a ledger", "What an R1 held when its server died is known from it only.");
      }
    };
    const stopping = "stopping; press Ctrl-C again to leave at once";
    await runLocalCommand({ json, command: "cluster watch", validate, stopping }, async ({ signal }) => {
      const { watchCluster } = await import("../../operations/cluster-watch/watch-cluster.ts");
      const { checkNamedLedger, openClusterLedger, sayIfNew } = await import("../cluster-ledger.ts");
      const { openClusterSession } = await import("../open-cluster-session.ts");
      await checkNamedLedger(flags.ledger);
      const open = (told: readonly string[] = []): ReturnType<typeof openClusterSession> =>
        openClusterSession(command, signal, told);
      await using opening = new AsyncDisposableStack();
      const first = opening.use(await open());
      const auto = flags.auto ?? false;
      if (auto && !first.system) {
        throw new RelightError(
          "USAGE",
          "--auto needs a credential of the system account: the servers are asked themselves",
          { hint: "Give --system-context, --system-creds, --system-nkey or --system-user." },
        );
      }
      const known = await openClusterLedger(flags.ledger, first);
      if (auto && known.path === null) {
        throw new RelightError("USAGE", "this server belongs to no cluster, so that nothing can be replaced in it");
      }
      sayIfNew(known);
      using show = await presenter(json, flags);
      // From here on the watch closes them.
      opening.move();
      const summary = await watchCluster(
        {
          first,
          open,
          intervalMs: flags.interval,
          goneAfterMs: flags.goneAfter,
          backups: flags.backups ?? [],
          ledger: known.path,
          auto,
          tool,
          ...(flags.audit === undefined ? {} : { audit: flags.audit }),
        },
        { signal, onEvent: (event) => show.take(event) },
      );
      const exitCode = summary.cutOff ? ExitCode.cancelled : ExitCode.ok;
      if (json) {
        const { looks, seconds, recoveries } = summary;
        const counts = { looks, seconds, recoveries: recoveries.length };
        printJson({ type: "summary", command: "cluster watch", ok: !summary.cutOff, exit_code: exitCode, ...counts });
      }
      return exitCode;
    });
  });
}

interface Presenter extends Disposable {
  take(event: WatchEvent): void;
}

async function presenter(
  json: boolean,
  { auto = false, backups = [], progress, interval }: WatchFlags,
): Promise<Presenter> {
  if (json) {
    const { watchJson } = await import("../output/watch-json.ts");
    return { take: (event) => watchJson(event).forEach(printJson), [Symbol.dispose]: () => {} };
  }
  const { WatchLines } = await import("../output/watch-lines.ts");
  const lines = new WatchLines({ auto, backups });
  const { stdout } = process;
  if (progress && stdout.isTTY === true && process.env.TERM !== "dumb") {
    const { WatchScreen } = await import("../output/watch-screen.ts");
    const screen = new WatchScreen(stdout, { color: !process.env.NO_COLOR, intervalMs: interval });
    return {
      take: (event) => screen.take(event, lines.take(event), lines.view),
      [Symbol.dispose]: () => screen[Symbol.dispose](),
    };
  }
  const take = (event: WatchEvent): void => {
    // A log may go on for days.
    const at = new Date().toISOString().slice(0, 19).replace("T", " ");
    for (const line of lines.take(event)) stdout.write(`${at}  ${line}\n`);
  };
  return { take, [Symbol.dispose]: () => {} };
}
