import type { Command } from "commander";
import type { Picture } from "../../cluster/picture.ts";
import { cureOf } from "../../cluster/verify/cure.ts";
import type { VerifiedStream } from "../../cluster/verify/verified-stream.ts";
import type { BlindSpot } from "../../cluster/what-is-unseen.ts";
import { ExitCode, RelightError } from "../../errors.ts";
import type { VerifiedCluster } from "../../operations/cluster-verify/verify-cluster.ts";
import { addAccountOptions } from "../options/account-options.ts";
import { addConnectionOptions } from "../options/connection-options.ts";
import { collect, parsePositive, parseSize } from "../options/size.ts";
import { addSystemOptions } from "../options/system-options.ts";
import { ProgressLine } from "../output/progress-line.ts";
import { useColor } from "../output/use-color.ts";
import { printJson, runLocalCommand } from "../run-local-command.ts";

interface VerifyFlags {
  readonly deep?: boolean;
  readonly stream?: readonly string[];
  readonly sample?: number;
  readonly rate?: number;
  readonly all?: boolean;
  readonly progress: boolean;
  readonly json?: boolean;
}

export function registerClusterVerify(parent: Command): void {
  const command = parent
    .command("verify")
    .summary("compare the replicas of every stream; --deep reads each of them")
    .description(
      "Compares what the replicas of every stream count, in two looks 12 s apart. A replica can count right and be unreadable:\n" +
        "--deep reads each one to its end through short-lived consumers in memory, compares them message by message, and names\n" +
        "the sequences that cannot be read, are missing or differ. It changes nothing else, and moves no leader.",
    )
    .option("--deep", "read the content of every replica of the account's streams")
    .option("--stream <names>", "only these streams, by name or ACCOUNT/NAME; can be given several times", collect)
    .option(
      "--sample <messages>",
      "with --deep: read so many messages of a stream, both ends and places by chance",
      parsePositive,
    )
    .option(
      "--rate <size>",
      "with --deep: read no more than this per second of all replicas together, e.g. 20M",
      parseSize,
    )
    .option("--all", "list streams that are well too, however many there are")
    .option("--no-progress", "log lines instead of a progress bar")
    .option("--json", "one JSON document on stdout")
    .addHelpText(
      "after",
      "\nExamples:\n" +
        "  relight cluster verify --system-context sys\n" +
        "  relight cluster verify --deep --stream ORDERS --system-context sys\n" +
        "  relight cluster verify --deep --sample 10000 --rate 20M --json | jq '.streams[] | select(.verdict != \"proven\")'\n" +
        "\nExit codes: 0 proven, 13 damage found, 3 something could not be proven, 14 unreachable, 130 cancelled.\n",
    );
  addSystemOptions(command);
  addAccountOptions(command);
  addConnectionOptions(command).action(async (flags: VerifyFlags) => {
    const json = flags.json ?? false;
    const validate = (): void => {
      if (flags.deep) return;
      for (const name of ["sample", "rate"] as const) {
        if (flags[name] !== undefined) throw new RelightError("USAGE", `--${name} needs --deep`);
      }
    };
    await runLocalCommand({ json, command: "cluster verify", validate }, async ({ signal }) => {
      const { openClusterSession } = await import("../open-cluster-session.ts");
      const { takePicture } = await import("../../cluster/observe/take-picture.ts");
      const { whatIsUnseen } = await import("../../cluster/what-is-unseen.ts");
      const { chosenStreams, verifyCluster } = await import("../../operations/cluster-verify/verify-cluster.ts");
      await using session = await openClusterSession(command, signal);
      const others = session.otherAccounts;
      const picture = await takePicture({
        account: session.account,
        others,
        system: session.system,
        enough: (first) => {
          // A name that is none is said before anything is waited for.
          chosenStreams(first, flags.stream ?? []);
          // What is read needs no counters that have settled.
          return flags.deep === true;
        },
        onWait: (ms) => {
          process.stderr.write(`Looking again in ${Math.ceil(ms / 1000)} s: counters in flight differ.\n`);
        },
        signal,
      });
      using progress = new ProgressLine(process.stderr, { progress: flags.progress && !json });
      const result = await verifyCluster({
        picture,
        streams: flags.stream ?? [],
        deep: flags.deep ?? false,
        account: session.account,
        others,
        sample: flags.sample,
        bytesPerSecond: flags.rate,
        signal,
        onEvent: (event) => {
          if (event.type === "progress") {
            progress.update({ label: event.stream, phase: "reading", done: event.bytes, total: event.total });
          } else progress.finish(event.result.stream);
        },
      });
      progress.clear();
      const notSeen = whatIsUnseen(picture.later);
      if (json) printJson(verifiedJson(result, picture, notSeen));
      else {
        const { renderVerified } = await import("../output/cluster-verified.ts");
        const color = useColor();
        process.stdout.write(renderVerified(result, picture, notSeen, { all: flags.all ?? false, color }));
      }
      return exitCodes[result.verdict];
    });
  });
}

function verifiedJson(
  { verdict, deep, streams }: VerifiedCluster,
  picture: Picture,
  notSeen: readonly BlindSpot[],
): object {
  return {
    verdict,
    deep,
    streams: streams.map((stream) => ({ ...streamJson(stream), cure: cureOf(stream, picture) })),
    not_seen: notSeen,
  };
}

function streamJson({ content, replicas, ...stream }: VerifiedStream): object {
  return {
    ...stream,
    content: content && {
      first_seq: content.firstSeq,
      last_seq: content.lastSeq,
      messages: content.messages,
      sampled: content.sampled,
      took_ms: content.tookMs,
    },
    replicas: replicas.map(({ counted, notRead, ...replica }) => ({
      ...replica,
      counted: counted && { messages: counted.messages, first_seq: counted.firstSeq, last_seq: counted.lastSeq },
      not_read: notRead,
    })),
  };
}

const exitCodes: Readonly<Record<VerifiedCluster["verdict"], ExitCode>> = {
  proven: ExitCode.ok,
  damaged: ExitCode.damaged,
  unproven: ExitCode.incomplete,
};
