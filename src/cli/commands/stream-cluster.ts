import type { Command } from "commander";
import type { StreamChange } from "../../cluster/change/stream-change.ts";
import type { PlanStep } from "../../cluster/plan/cluster-plan.ts";
import { RelightError } from "../../errors.ts";
import type { Session } from "../../jetstream/session.ts";
import type { ClusterSession } from "../open-cluster-session.ts";
import { addConnectionOptions } from "../options/connection-options.ts";
import { addSystemOptions } from "../options/system-options.ts";
import { addChangeOutputOptions, type ChangeFlags, runChange } from "../run-change.ts";
import { tool } from "../version.ts";

interface StreamChangeFlags extends ChangeFlags {
  readonly preferred?: string;
  readonly from?: string;
}

const exitCodes =
  "\nExit codes: 0 done and verified, or nothing to do; 3 refused, or declined: nothing was touched; 1 failed; 11 a recovery of this\n" +
  "cluster is at work; 130 cancelled.\n";

/** The verbs of `nats stream cluster` that change a group, each checked first and verified afterwards. */
export function registerStreamCluster(parent: Command): void {
  const cluster = parent
    .command("cluster")
    .alias("c")
    .description("change where a stream's replicas are, and who leads");
  registerPeerRemove(cluster);
  registerStepDown(cluster);
  registerMove(cluster);
}

function registerPeerRemove(parent: Command): void {
  const command = parent
    .command("peer-remove <stream> <server>")
    .alias("pr")
    .summary("take a server out of a stream's group, so that another takes its place")
    .description(
      "Takes a server's replica out of a stream, so that another server gets one. Refuses what would lose something: the only\n" +
        "replica, a group that could decide nothing then, no server that can take its place, a stream that is being changed\n" +
        "already, replicas that differ. Afterwards it waits until all replicas are current and nothing is missing.",
    )
    .option("--force <server>", "your word, by the server's name once more, to do it whatever speaks against it")
    .option("--yes", "do not ask");
  addChangeOptions(command).addHelpText(
    "after",
    "\nExamples:\n" +
      "  relight stream cluster peer-remove ORDERS n3 --system-context sys\n" +
      "  relight stream cluster peer-remove ORDERS n3 --system-context sys --dry-run\n" +
      exitCodes,
  );
  command.action(async (stream: string, server: string, flags: StreamChangeFlags) => {
    await run(command, "stream cluster peer-remove", flags, { verb: "peer-remove", stream, server });
  });
}

function registerStepDown(parent: Command): void {
  const command = parent
    .command("step-down <stream>")
    .aliases(["stepdown", "sd"])
    .summary("let another replica lead a stream")
    .description(
      "Makes the leader of a stream step down, and waits until another replica leads it. It needs no credential of the system\n" +
        "account. Servers of 2.11 and newer can be told who is to lead.",
    )
    .option("--preferred <server>", "who is to lead (nats-server 2.11 and newer)");
  addChangeOptions(command).addHelpText(
    "after",
    `\nExamples:\n  relight stream cluster step-down ORDERS\n  relight stream cluster step-down ORDERS --preferred n2\n${exitCodes}`,
  );
  command.action(async (stream: string, flags: StreamChangeFlags) => {
    const preferred = flags.preferred ?? null;
    await run(command, "stream cluster step-down", flags, { verb: "step-down", stream, preferred });
  });
}

function registerMove(parent: Command): void {
  const command = parent
    .command("move <stream>")
    .summary("move a stream's replica from a living server to another, with what it holds")
    .description(
      "Moves the replica on one living server to another, with all messages and consumers: the way to empty a server that is to be\n" +
        "replaced, for streams of one replica too. Where to, the meta leader chooses among those that the placement allows.",
    )
    .requiredOption("--from <server>", "the server that it is to leave");
  addChangeOptions(command).addHelpText(
    "after",
    `\nExamples:\n  relight stream cluster move AUDIT --from n2 --system-context sys\n${exitCodes}`,
  );
  command.action(async (stream: string, flags: StreamChangeFlags) => {
    await run(command, "stream cluster move", flags, { verb: "move", stream, server: flags.from ?? "" });
  });
}

function addChangeOptions(command: Command): Command {
  command.option("--dry-run", "say what it would do and what speaks against it, and do nothing");
  return addConnectionOptions(addSystemOptions(addChangeOutputOptions(command)));
}

async function run(command: Command, name: string, flags: ChangeFlags, change: StreamChange): Promise<void> {
  const removes = change.verb === "peer-remove";
  const what = {
    name,
    server: removes ? change.server : undefined,
    before: removes ? "a replica is deleted" : undefined,
    noCluster: "a stream has one replica there",
  };
  await runChange(command, flags, what, accountOf, async ({ session, basis, confirm, options }) => {
    const { changeStream } = await import("../../operations/cluster-change/change-stream.ts");
    const request = {
      ...basis,
      change,
      account: accountOf(session),
      system: session.system,
      tool,
      confirm: confirm && (({ step }: { readonly step: PlanStep }) => confirm(step)),
    };
    return await changeStream(request, options);
  });
}

function accountOf({ session }: ClusterSession): Session {
  if (session) return session;
  throw new RelightError("AUTH_FAILED", "the stream's own account is needed");
}
