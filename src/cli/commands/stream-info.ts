import type { Command } from "commander";
import { ExitCode } from "../../errors.ts";
import { addConnectionOptions, connectionFlags } from "../options/connection-options.ts";
import { renderStreamInfo } from "../output/stream-details.ts";
import { runCommand } from "../run-command.ts";
import { printJson } from "../run-local-command.ts";

export function registerStreamInfo(parent: Command): void {
  const command = parent
    .command("info <stream>")
    .summary("show a stream's configuration and state")
    .description("Shows a stream's configuration, state and replicas.")
    .option("--json", "one JSON document on stdout")
    .addHelpText(
      "after",
      "\nExamples:\n  relight stream info ORDERS\n  relight stream info ORDERS --json | jq .config\n",
    );
  addConnectionOptions(command).action(async (stream: string, flags: { json?: boolean }) => {
    await runCommand(
      { flags: connectionFlags(command), json: flags.json ?? false, command: "stream info" },
      async ({ session }) => {
        const info = await session.api.streamInfo(stream);
        if (flags.json) printJson(info);
        else process.stdout.write(renderStreamInfo(info));
        return ExitCode.ok;
      },
    );
  });
}
