import { Command, CommanderError } from "commander";
import { asRelightError, ExitCode, RelightError } from "../errors.ts";
import { registerAccountBackup } from "./commands/account-backup.ts";
import { registerAccountRestore } from "./commands/account-restore.ts";
import { registerArchiveConvert } from "./commands/archive-convert.ts";
import { registerArchiveEdit } from "./commands/archive-edit.ts";
import { registerArchiveExtract } from "./commands/archive-extract.ts";
import { registerArchiveInfo } from "./commands/archive-info.ts";
import { registerArchiveLookup } from "./commands/archive-lookup.ts";
import { registerArchiveMessages } from "./commands/archive-messages.ts";
import { registerArchiveVerify } from "./commands/archive-verify.ts";
import { registerClusterApply } from "./commands/cluster-apply.ts";
import { registerClusterDoctor } from "./commands/cluster-doctor.ts";
import { registerClusterPlan } from "./commands/cluster-plan.ts";
import { registerClusterStatus } from "./commands/cluster-status.ts";
import { registerClusterVerify } from "./commands/cluster-verify.ts";
import { registerClusterWatch } from "./commands/cluster-watch.ts";
import { registerCompletion } from "./commands/completion.ts";
import { registerDrillCluster } from "./commands/drill-cluster.ts";
import { registerServerRaft } from "./commands/server-raft.ts";
import { registerStreamBackup } from "./commands/stream-backup.ts";
import { registerStreamCluster } from "./commands/stream-cluster.ts";
import { registerStreamInfo } from "./commands/stream-info.ts";
import { registerStreamList } from "./commands/stream-list.ts";
import { registerStreamRestore } from "./commands/stream-restore.ts";
import { addConnectionOptions } from "./options/connection-options.ts";
import { reportError } from "./report-error.ts";
import { commandExitCode, failureSummary, printJson } from "./run-local-command.ts";
import { version } from "./version.ts";

/** The whole command tree. */
export function buildProgram(): Command {
  const program = new Command("relight")
    .description(
      "Disaster recovery for NATS JetStream: backups that are proven to restore, and clusters that come back.",
    )
    .version(version, "--version", "print the version")
    .helpCommand("help [command]", "show help for a command")
    .configureHelp({
      showGlobalOptions: true,
      sortSubcommands: false,
      // It is wrapped to the terminal; a line in a source ends where that is full.
      commandDescription: (command) => command.description().replaceAll("\n", " "),
    })
    .showSuggestionAfterError()
    .showHelpAfterError("(run with --help for the options)")
    .addHelpText(
      "after",
      "\nExamples:\n" +
        "  relight stream backup ORDERS ./backup1      back up one stream, proven\n" +
        "  relight stream restore ./backup1            bring it back\n" +
        "  relight account backup ./all                every stream of the account\n" +
        "  relight cluster status                      what a cluster has lost, and what only lacks a replica\n" +
        "\nIt connects as the nats CLI does: --server, --context, NATS_URL, NATS_CREDS, ~/.config/nats/context.\n",
    );
  addConnectionOptions(program, { hideHelp: true });
  const stream = program.command("stream").alias("str").description("back up, restore and look at single streams");
  registerStreamBackup(stream);
  registerStreamRestore(stream);
  registerStreamList(stream);
  registerStreamInfo(stream);
  registerStreamCluster(stream);
  const account = program.command("account").alias("a").description("back up and restore every stream of an account");
  registerAccountBackup(account);
  registerAccountRestore(account);
  const archive = program
    .command("archive")
    .description("look into backups, and make others of them; no server is needed");
  registerArchiveInfo(archive);
  registerArchiveVerify(archive);
  registerArchiveMessages(archive);
  registerArchiveConvert(archive);
  registerArchiveEdit(archive);
  registerArchiveLookup(archive);
  registerArchiveExtract(archive);
  const cluster = program.command("cluster").description("see what a cluster has lost, and get it back");
  registerClusterStatus(cluster);
  registerClusterDoctor(cluster);
  registerClusterVerify(cluster);
  registerClusterPlan(cluster);
  registerClusterApply(cluster);
  registerClusterWatch(cluster);
  const server = program.command("server").alias("srv").description("change which servers belong to the cluster");
  registerServerRaft(server);
  const drill = program.command("drill").description("prove on servers made for it that what was lost comes back");
  registerDrillCluster(drill);
  registerCompletion(program);
  return program;
}

/** Runs the command line; returns the exit code. */
export async function main(args: readonly string[]): Promise<ExitCode> {
  // A reader that went away (`| head`) is no failure of ours.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(ExitCode.ok);
  });
  const program = buildProgram();
  throwInsteadOfExit(program);
  try {
    await program.parseAsync([...args], { from: "user" });
    return commandExitCode();
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return ExitCode.ok;
      // Commander has told the person; a program that reads JSON is told as with every other failure.
      if (args.includes("--json")) printJson(failureSummary(commandPath(program, args), usageError(error)));
      return ExitCode.usage;
    }
    return reportError(asRelightError(error));
  }
}

function usageError(error: CommanderError): RelightError {
  return new RelightError("USAGE", error.message.replace(/^error: /, ""), { cause: error });
}

/** The command that the arguments name, as summaries do: "stream backup". */
function commandPath(program: Command, args: readonly string[]): string {
  const names: string[] = [];
  let command = program;
  for (const word of args) {
    const child: Command | undefined = command.commands.find(
      (candidate) => candidate.name() === word || candidate.aliases().includes(word),
    );
    if (!child) continue;
    names.push(child.name());
    command = child;
  }
  return names.join(" ");
}

function throwInsteadOfExit(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) throwInsteadOfExit(child);
}
