import { styleText } from "node:util";
import type { StreamComparison } from "../../operations/cluster-drill/compare-content.ts";
import type { DrillEvent, DrillReport, DrillStep, LostReplica } from "../../operations/cluster-drill/drill-report.ts";
import { formatBytes, formatCount, formatSeconds, plural } from "./format-values.ts";

/** Tells a drill while it happens, in a few lines a person can follow. */
export class DrillStory {
  readonly #write: (text: string) => void;
  readonly #color: boolean;
  #chapter = "";
  /** Streams that were written to while a server was dead. */
  #written: string[] = [];
  #messages = 0;

  constructor(write: (text: string) => void, color: boolean) {
    this.#write = write;
    this.#color = color;
  }

  tell(event: DrillEvent): void {
    switch (event.kind) {
      case "started":
        this.#line(
          `A cluster of ${event.servers.length} nats-servers ${event.version} on loopback: ${event.servers.join(", ")}`,
        );
        return;
      case "loaded":
        this.#begin("Load it");
        this.#line(
          `  ${event.stream.padEnd(8)}  R${event.replicas}  ${formatCount(event.messages).padStart(5)} messages, ` +
            `${plural(event.consumers, "consumer")} with ${event.unacknowledged} unacknowledged, on ${[...event.homes].sort().join(", ")}`,
        );
        return;
      case "spare":
        this.#line(`  ${event.server} joins as a spare`);
        return;
      case "backed-up":
        this.#begin("Back it up");
        this.#line(
          `  ${plural(event.streams, "stream")}, ${formatBytes(event.bytes)}, read back and proven, in ${formatSeconds(event.seconds)}`,
        );
        return;
      case "killed":
        this.#begin(`Lose ${event.server}`);
        this.#line(`  ${event.server} is killed, and its disk is gone`);
        for (const text of lossLines(event.lost)) this.#line(`  ${text}`);
        return;
      case "written":
        this.#written.push(event.stream);
        this.#messages += event.messages;
        return;
      case "missed":
        this.#line(
          `  meanwhile ${formatCount(this.#messages)} more messages went into ${list(this.#written)}: acknowledged, and in no backup`,
        );
        this.#line(
          `  the cluster missed ${event.server} after ${formatSeconds(event.seconds)}; one look is not enough, so 12 s later a second`,
        );
        return;
      case "declared-gone":
        this.#begin(`Declare ${event.server} gone, and recover`);
        return;
      case "step":
        this.#step(event.step);
        return;
      case "recovered":
        if (event.whole) this.#line(`  all replicas current and verified ${formatSeconds(event.seconds)} after "gone"`);
        else {
          this.#line(`  ${this.#bold("FAILED")}: after ${formatSeconds(event.seconds)} this is left:`);
          for (const text of event.left) this.#line(`    ${text}`);
        }
        return;
      case "compared":
        this.#begin("Compare every message and every consumer");
        this.#comparison(event.comparison);
        return;
    }
  }

  end({ passed, seconds, directory, streams }: DrillReport): void {
    const total = formatSeconds(seconds.total);
    this.#line("");
    if (passed) {
      const messages = streams.reduce((sum, stream) => sum + stream.messages, 0);
      this.#line(
        this.#bold(
          `Nothing was lost: ${formatCount(messages)} messages. From "gone" to whole and verified ${formatSeconds(seconds.recovery)}, the whole drill ${total}.`,
        ),
      );
    } else this.#line(this.#bold(`THE DRILL FAILED, after ${total}: not everything came back as it was.`));
    if (directory !== null) this.#line(`Kept: ${directory}`);
    else if (!passed) this.#line("Run it with --keep to look at the servers' stores and logs.");
  }

  #step({ kind, id, why, state, seconds }: DrillStep): void {
    const subject = id.slice(kind.length + 1);
    const said = state === "done" ? (plainWords[kind] ?? why) : why;
    this.#line(
      `  ${state === "done" ? "✓" : "✗"} ${`${kind} ${subject}`.padEnd(26)} ${formatSeconds(seconds).padStart(7)}  ${said}`,
    );
  }

  #comparison({ stream, messages, consumers, differences, notes }: StreamComparison): void {
    if (differences.length === 0) {
      this.#line(
        `  ✓ ${stream.padEnd(8)}  ${formatCount(messages)} messages, ${plural(consumers, "consumer")}: the same`,
      );
    } else {
      this.#line(`  ✗ ${stream.padEnd(8)}  ${this.#bold("differs")}`);
      for (const text of differences) this.#line(`      ${text}`);
    }
    for (const text of notes) this.#line(`      ${text}`);
  }

  #begin(chapter: string): void {
    if (this.#chapter === chapter) return;
    this.#chapter = chapter;
    this.#line(`\n${this.#bold(chapter)}`);
  }

  #line(text: string): void {
    this.#write(`${text}\n`);
  }

  #bold(text: string): string {
    return this.#color ? styleText("bold", text, { validateStream: false }) : text;
  }
}

/** What the usual steps are for; the plan's own reasons are longer. */
const plainWords: Readonly<Record<string, string>> = {
  "peer-remove": "it leaves the cluster, and the spare takes its replicas",
  "delete-stub": "the cluster put an empty stream in its place",
  restore: "from the backup, and read back",
};

function lossLines(lost: readonly LostReplica[]): readonly string[] {
  const only = lost.filter(({ left }) => left === 0).map(({ stream }) => stream);
  const others = lost.filter(({ left }) => left > 0);
  return [
    ...only.map((stream) => `${stream} had its only replica there`),
    ...others.map(({ stream, left }) => `${stream} has ${plural(left, "replica")} left`),
  ];
}

const list = (names: readonly string[]): string =>
  names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
