import { type Command, InvalidArgumentError } from "commander";
import { ExitCode } from "../../errors.ts";
import type { DrillReport } from "../../operations/cluster-drill/drill-report.ts";
import { useColor } from "../output/use-color.ts";
import { printJson, runLocalCommand } from "../run-local-command.ts";
import { tool } from "../version.ts";

interface Flags {
  readonly serverVersion?: string;
  readonly nodes: 3 | 5;
  readonly keep?: boolean;
  readonly json?: boolean;
}

export function registerDrillCluster(parent: Command): void {
  parent
    .command("cluster")
    .summary("lose a node of a cluster made for it, get everything back, compare, and say how long it took")
    .description(
      "Starts a cluster of nats-servers on this machine's loopback, with a spare, in a temporary directory; loads streams with\n" +
        "consumers, backs the account up, kills a server and empties its disk; recovers as `relight cluster apply` does; and compares\n" +
        "every message and every consumer with what was there before. It touches nothing else, needs no server to be there, and takes\n" +
        "about a minute. Exit code 0: everything came back; 15: something did not.",
    )
    .option("--server-version <version>", "which nats-server: fetched where it is not there (default: 2.15)")
    .option("--nodes <n>", "3, or 5 for a stream with five replicas too; the spare comes on top", nodes, 3 as const)
    .option("--keep", "leave the backup, the audit log, and the servers' stores and logs; says where")
    .option("--no-progress", "as elsewhere: lines only, and nothing is redrawn; here it is so anyway")
    .option("--json", "one JSON document on stdout, at the end")
    .addHelpText(
      "after",
      "\nExamples:\n" +
        "  relight drill cluster\n" +
        "  relight drill cluster --server-version 2.10 --keep\n" +
        "  relight drill cluster --nodes 5 --json | jq .seconds.recovery\n",
    )
    .action(async (flags: Flags) => {
      const json = flags.json ?? false;
      await runLocalCommand({ json, command: "drill cluster" }, async ({ signal }) => {
        const { drillCluster } = await import("../../operations/cluster-drill/drill-cluster.ts");
        const { DrillStory } = await import("../output/drill-story.ts");
        const color = useColor();
        const story = new DrillStory((text) => process.stdout.write(text), color);
        const report = await drillCluster({
          serverVersion: flags.serverVersion,
          nodes: flags.nodes,
          keep: flags.keep,
          tool,
          signal,
          onEvent: (event) => {
            if (!json) story.tell(event);
          },
        });
        if (json) printJson(drillJson(report));
        else story.end(report);
        return report.passed ? ExitCode.ok : ExitCode.drillFailed;
      });
    });
}

function nodes(text: string): 3 | 5 {
  if (text === "3") return 3;
  if (text === "5") return 5;
  throw new InvalidArgumentError("Choose 3 or 5.");
}

function drillJson(report: DrillReport): object {
  const { passed, version, steps, streams, ...rest } = report;
  return {
    type: "summary",
    command: "drill cluster",
    ok: passed,
    exit_code: passed ? ExitCode.ok : ExitCode.drillFailed,
    server_version: version,
    ...rest,
    steps,
    streams,
  };
}
