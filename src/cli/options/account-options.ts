import { type Command, Option } from "commander";
import type { FurtherAccountFlags } from "../../jetstream/connection/resolve-account-settings.ts";
import { connectionHeading } from "./connection-options.ts";

/** Adds the flags of further accounts: a cluster has many, and what only a dead server had of one is known to that account alone. */
export function addAccountOptions(command: Command): Command {
  const options = [
    [
      "--account-context <name...>",
      "Further accounts of the same cluster: contexts of the nats CLI, by name or .json file",
    ],
    ["--account-creds <file...>", "Further accounts of the same cluster: user credentials"],
  ] as const;
  for (const [flags, help] of options) command.addOption(new Option(flags, help).helpGroup(connectionHeading));
  return command;
}

export function accountFlags(command: Command): FurtherAccountFlags {
  const { accountContext, accountCreds } = command.opts<FurtherAccountFlags>();
  return { accountContext, accountCreds };
}
