import { type Command, Option } from "commander";

/** What `--ledger` and `--no-ledger` say: a file, none, or the cluster's own. */
export type LedgerFlag = string | boolean | undefined;

/** Adds the flags that say where it is remembered what a cluster holds. */
export function addLedgerOptions(command: Command, { required = false } = {}): Command {
  command.addOption(
    new Option(
      "--ledger <file>",
      "Where it is remembered what streams hold, and where (default: ~/.local/state/relight/clusters/<cluster>.json)",
    ),
  );
  if (!required) command.addOption(new Option("--no-ledger", "Remember nothing, and use nothing that is remembered"));
  return command;
}
