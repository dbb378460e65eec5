import type { Command } from "commander";
import { ExitCode } from "../../errors.ts";
import { addConnectionOptions, connectionFlags } from "../options/connection-options.ts";
import { formatBytes, formatCount } from "../output/format-values.ts";
import { renderTable } from "../output/table.ts";
import { runCommand } from "../run-command.ts";
import { printJson } from "../run-local-command.ts";

export function registerStreamList(parent: Command): void {
  const command = parent
    .command("ls")
    .alias("list")
    .summary("list the streams of the account")
    .description("Lists the streams of the account, also those that do not answer (exit code 3 then).")
    .option("--json", "one JSON document on stdout")
    .option("-n, --names", "names only, one a line")
    .addHelpText(
      "after",
      "\nExamples:\n  relight stream ls\n  relight stream ls --context prod --json | jq '.streams[].config.name'\n",
    );
  addConnectionOptions(command).action(async (flags: { json?: boolean; names?: boolean }) => {
    await runCommand(
      { flags: connectionFlags(command), json: flags.json ?? false, command: "stream ls" },
      async ({ session }) => {
        const { streams, missing } = await session.api.streams();
        const names = [...streams.map((info) => info.config.name), ...missing];
        streams.sort((a, b) => a.config.name.localeCompare(b.config.name));
        if (flags.json) printJson({ streams, missing });
        else if (flags.names)
          process.stdout.write(
            names
              .sort()
              .map((name) => `${name}\n`)
              .join(""),
          );
        else if (names.length === 0) process.stderr.write("The account has no streams.\n");
        else {
          const rows = streams.map(({ config, state }) => [
            config.name,
            config.storage ?? "file",
            String(config.num_replicas ?? 1),
            formatCount(state.consumer_count),
            formatCount(state.messages),
            formatBytes(state.bytes),
            formatCount(state.last_seq),
          ]);
          for (const name of missing) rows.push([name, "does not answer", "", "", "", "", ""]);
          process.stdout.write(
            renderTable(["Name", "Storage", "Replicas", "Consumers", "Messages", "Size", "Last Sequence"], rows),
          );
        }
        return missing.length > 0 ? ExitCode.incomplete : ExitCode.ok;
      },
    );
  });
}
