import type { Command } from "commander";
import { ExitCode } from "../../errors.ts";
import { groupDigits } from "../../group-digits.ts";
import { addAccountOptions } from "../options/account-options.ts";
import { addConnectionOptions } from "../options/connection-options.ts";
import { addLedgerOptions, type LedgerFlag } from "../options/ledger-options.ts";
import { addSystemOptions } from "../options/system-options.ts";
import { useColor } from "../output/use-color.ts";
import { printJson, runLocalCommand } from "../run-local-command.ts";

interface DoctorFlags {
  readonly once?: boolean;
  readonly backups?: readonly string[];
  readonly deep?: boolean;
  readonly json?: boolean;
  readonly ledger?: LedgerFlag;
}

/** So many messages of a stream are read: enough to notice a replica that is another one, not every damaged block. */
const sample = 5_000;

export function registerClusterDoctor(parent: Command): void {
  const command = parent
    .command("doctor")
    .summary("find what is wrong, and what will be when the next server fails")
    .description(
      "Looks at the cluster twice, 12 s apart, and reports what is wrong with evidence and cure, the worst first.\n" +
        "It changes nothing in the cluster, and remembers what it saw. Exit code 0: nothing to fix; 3: critical findings or warnings.",
    )
    .option("--once", "look only once; checks that need two looks are left out")
    .option("--backups <dir...>", "check these backups too: of an account or of single streams")
    .option(
      "--deep",
      "read a sample of every replica too, of up to 5,000 messages a stream: see relight cluster verify",
    )
    .option("--json", "one JSON document on stdout")
    .addHelpText(
      "after",
      "\nExamples:\n" +
        "  relight cluster doctor --system-context sys\n" +
        "  relight cluster doctor --system-context sys --backups ./all --deep\n" +
        "  relight cluster doctor --system-creds sys.creds --json | jq '.findings[] | select(.severity == \"critical\")'\n",
    );
  addLedgerOptions(command);
  addSystemOptions(command);
  addAccountOptions(command);
  addConnectionOptions(command).action(async (flags: DoctorFlags) => {
    await runLocalCommand({ json: flags.json ?? false, command: "cluster doctor" }, async ({ signal }) => {
      const { openClusterSession } = await import("../open-cluster-session.ts");
      const { takePicture } = await import("../../cluster/observe/take-picture.ts");
      const { examine } = await import("../../cluster/doctor/examine.ts");
      const { whatIsUnseen } = await import("../../cluster/what-is-unseen.ts");
      const { checkNamedLedger, knownBefore, rememberInPassing } = await import("../cluster-ledger.ts");
      const { coversOfCluster } = await import("../../operations/cluster-recovery/covers-of-cluster.ts");
      const { readBackupCovers } = await import("../../operations/cluster-recovery/read-backup-covers.ts");
      const { monitoringPorts } = await import("../../cluster/observe/monitoring-ports.ts");
      const { verifyCluster } = await import("../../operations/cluster-verify/verify-cluster.ts");
      await checkNamedLedger(flags.ledger);
      const found = flags.backups && (await readBackupCovers(flags.backups));
      await using session = await openClusterSession(command, signal);
      const picture = await takePicture({
        account: session.account,
        others: session.otherAccounts,
        system: session.system,
        enough: () => flags.once === true,
        onWait: (ms) => {
          process.stderr.write(`Looking again in ${Math.ceil(ms / 1000)} s (--once does not).\n`);
        },
        signal,
      });
      const ledger = await knownBefore(flags.ledger, session);
      await rememberInPassing(flags.ledger, session, picture);
      const covers = found && coversOfCluster(found, picture.later);
      for (const text of covers?.refused ?? []) process.stderr.write(`relight: not counted as a backup: ${text}\n`);
      const { account, system } = session;
      const others = session.otherAccounts;
      if (flags.deep)
        process.stderr.write(`Reading up to ${groupDigits(sample)} messages of each stream, on every replica.\n`);
      const verified = flags.deep
        ? await verifyCluster({ picture, streams: [], deep: true, account, others, sample, signal })
        : undefined;
      const examination = examine(picture, {
        now: new Date().toISOString(),
        ledger,
        backups: covers?.covers,
        verified: verified?.streams,
        monitoring: system && (await monitoringPorts(system, picture.later)),
      });
      const notSeen = whatIsUnseen(picture.later);
      if (flags.json) printJson({ ...examination, not_seen: notSeen, picture });
      else {
        const { renderFindings } = await import("../output/cluster-findings.ts");
        const color = useColor();
        process.stdout.write(renderFindings(examination, notSeen, color));
      }
      const toFix = examination.findings.some(({ severity }) => severity !== "info");
      return toFix ? ExitCode.incomplete : ExitCode.ok;
    });
  });
}
