import { type Command, Option } from "commander";
import type { SystemFlags } from "../../jetstream/connection/resolve-system-settings.ts";

/** The heading of the system account's flags in the help. */
export const systemHeading = "System account (what the servers themselves say):";

const systemOptions = [
  ["--system-creds <file>", "User credentials of the system account"],
  ["--system-nkey <file>", "User NKEY of the system account"],
  ["--system-user <user>", "Username of the system account"],
  ["--system-password <password>", "Password for --system-user"],
  ["--system-context <name>", "Context of the nats CLI for the system account, by name or .json file"],
] as const;

/** Adds the flags of a system-account credential, beside the ordinary connection flags. */
export function addSystemOptions(command: Command): Command {
  for (const [flags, help] of systemOptions) command.addOption(new Option(flags, help).helpGroup(systemHeading));
  return command;
}

export function systemFlags(command: Command): SystemFlags {
  const { systemCreds, systemNkey, systemUser, systemPassword, systemContext } = command.opts<SystemFlags>();
  return { systemCreds, systemNkey, systemUser, systemPassword, systemContext };
}
