import { type Command, Option } from "commander";
import type { OperatorWords } from "../../cluster/plan/plan-request.ts";
import type { LedgerFlag } from "./ledger-options.ts";

/** The flags that plan and apply share: what only a person can know or decide. */
export interface RecoveryFlags {
  readonly gone?: readonly string[];
  readonly backups?: readonly string[];
  readonly release?: readonly string[];
  readonly restore?: readonly string[];
  readonly accept?: readonly string[];
  readonly drain?: readonly string[];
  readonly withoutSpare?: boolean;
  readonly ledger?: LedgerFlag;
  readonly json?: boolean;
}

export function addRecoveryOptions(command: Command): Command {
  const options = [
    ["--gone <server...>", "your word that these servers will not come back, by name or peer id"],
    ["--backups <dir...>", "backups that lost streams could be restored from: of an account or of single streams"],
    ["--release <stream...>", "streams that may be lost, as ACCOUNT/STREAM; ACCOUNT/* for all of an account"],
    ["--restore <stream...>", "streams to restore although a person may have deleted them, as ACCOUNT/STREAM"],
    [
      "--accept <stream...>",
      "streams that are right as they are now: deleted, emptied or created anew on purpose; remembered in the ledger",
    ],
    ["--drain <server...>", "living servers to be emptied, so that they can be replaced"],
    ["--without-spare", "dead servers may be removed although streams have fewer replicas then"],
  ] as const;
  for (const [flags, help] of options) command.addOption(new Option(flags, help));
  return command;
}

export function operatorWords(flags: RecoveryFlags): OperatorWords {
  return {
    gone: flags.gone ?? [],
    released: flags.release ?? [],
    restore: flags.restore ?? [],
    drain: flags.drain ?? [],
    withoutSpare: flags.withoutSpare ?? false,
  };
}
