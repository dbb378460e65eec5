import type { Command } from "commander";
import { ExitCode } from "../../errors.ts";
import { addConnectionOptions, connectionFlags } from "../options/connection-options.ts";
import { addLedgerOptions, type LedgerFlag } from "../options/ledger-options.ts";
import { addSystemOptions, systemFlags } from "../options/system-options.ts";
import { printJson, runLocalCommand } from "../run-local-command.ts";

export function registerClusterDoctor(parent: Command): void {
  const command = parent
    .command("doctor")
    .summary("find what is wrong, and what will be when the next server fails")
    .description(
      "Looks at the cluster twice, 12 s apart, and reports what is wrong with evidence and cure, the worst first.\n" +
        "It changes nothing in the cluster, and remembers what it saw. Exit code 0: nothing to fix; 3: critical findings or warnings.",
    )
    .option("--once", "look only once; checks that need two looks are left out")
    .option("--json", "one JSON document on stdout")
    .addHelpText(
      "after",
      "\nExamples:\n" +
        "  relight cluster doctor --system-context sys\n" +
        "  relight cluster doctor --system-creds sys.creds --json | jq '.findings[] | select(.severity == \"critical\")'\n",
    );
  addLedgerOptions(command);
  addSystemOptions(command);
  addConnectionOptions(command).action(async (flags: { once?: boolean; json?: boolean; ledger?: LedgerFlag }) => {
    await runLocalCommand({ json: flags.json ?? false, command: "cluster doctor" }, async ({ signal }) => {
      const { openClusterSession } = await import("../open-cluster-session.ts");
      const { takePicture } = await import("../../cluster/observe/take-picture.ts");
      const { examine } = await import("../../cluster/doctor/examine.ts");
      const { whatIsUnseen } = await import("../../cluster/what-is-unseen.ts");
      const { checkNamedLedger, rememberInPassing } = await import("../cluster-ledger.ts");
      await checkNamedLedger(flags.ledger);
      await using session = await openClusterSession(connectionFlags(command), systemFlags(command), signal);
      const picture = await takePicture({
        account: session.account,
        system: session.system,
        enough: () => flags.once === true,
        onWait: (ms) => {
          process.stderr.write(`Looking again in ${Math.ceil(ms / 1000)} s (--once does not).\n`);
        },
        signal,
      });
      await rememberInPassing(flags.ledger, session, picture);
      const examination = examine(picture);
      const notSeen = whatIsUnseen(picture.later);
      if (flags.json) printJson({ ...examination, not_seen: notSeen, picture });
      else {
        const { renderFindings } = await import("../output/cluster-findings.ts");
        const color = process.stdout.isTTY === true && !process.env.NO_COLOR;
        process.stdout.write(renderFindings(examination, notSeen, color));
      }
      const toFix = examination.findings.some(({ severity }) => severity !== "info");
      return toFix ? ExitCode.incomplete : ExitCode.ok;
    });
  });
}
