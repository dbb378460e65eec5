import { styleText } from "node:util";
import type { Picture } from "../../cluster/picture.ts";
import { cureOf } from "../../cluster/verify/cure.ts";
import type { SequenceRun, Verdict, VerifiedReplica, VerifiedStream } from "../../cluster/verify/verified-stream.ts";
import { sequencesIn } from "../../cluster/verify/verified-stream.ts";
import type { BlindSpot } from "../../cluster/what-is-unseen.ts";
import type { VerifiedCluster } from "../../operations/cluster-verify/verify-cluster.ts";
import { formatCount, formatSeconds, plural } from "./format-values.ts";
import { notSeenLines } from "./not-seen-lines.ts";

export interface VerifiedView {
  /** Lists streams that are well too, however many. */
  readonly all: boolean;
  readonly color: boolean;
}

/** So many streams are listed whatever they came to. */
const shortList = 20;
/** So many ranges of sequences are named; --json has all. */
const namedRuns = 6;

const marks: Readonly<Record<Verdict, string>> = { proven: "ok", damaged: "DAMAGED", unproven: "?" };
const colors = { proven: "green", damaged: "red", unproven: "yellow" } as const;
const rank: Readonly<Record<Verdict, number>> = { damaged: 0, unproven: 1, proven: 2 };

/** What a verification came to, for a person: what is damaged first, with what to do about it. */
export function renderVerified(
  { verdict, deep, streams }: VerifiedCluster,
  picture: Picture,
  notSeen: readonly BlindSpot[],
  view: VerifiedView,
): string {
  const lines: string[] = [];
  const sorted = [...streams].sort((a, b) => rank[a.verdict] - rank[b.verdict]);
  const listed = view.all || streams.length <= shortList ? sorted : sorted.filter((one) => one.verdict !== "proven");
  for (const stream of listed) lines.push(...renderStream(stream, view));
  const hidden = streams.length - listed.length;
  if (hidden > 0)
    lines.push(`and ${plural(hidden, "stream")} more that ${hidden === 1 ? "is" : "are"} well (--all lists them)`);
  if (lines.length > 0) lines.push("");
  for (const stream of streams) {
    const steps = cureOf(stream, picture);
    if (steps.length === 0) continue;
    lines.push(`What to do about ${stream.account} > ${stream.stream}:`);
    lines.push(...steps.map((step, index) => `  ${index + 1}. ${step}`), "");
  }
  lines.push(conclusion(verdict, deep, streams));
  lines.push(...notSeenLines(notSeen));
  return `${lines.join("\n")}\n`;
}

function conclusion(verdict: Verdict, deep: boolean, streams: readonly VerifiedStream[]): string {
  const count = (wanted: Verdict): number => streams.filter((stream) => stream.verdict === wanted).length;
  const parts = [
    count("damaged") > 0 ? `${plural(count("damaged"), "stream")} damaged` : "",
    count("unproven") > 0 ? `${plural(count("unproven"), "stream")} not proven` : "",
    count("proven") > 0 ? `${plural(count("proven"), "stream")} ${deep ? "proven" : "with equal counters"}` : "",
  ].filter((part) => part !== "");
  const summary = parts.length === 0 ? "There are no streams" : parts.join(", ");
  if (deep || verdict === "damaged") return `${summary}.`;
  return `${summary}. Counters do not prove content: --deep reads it.`;
}

function renderStream(stream: VerifiedStream, view: VerifiedView): readonly string[] {
  const { content, replicas, verdict } = stream;
  const read =
    content === null || content.messages === 0
      ? ""
      : `, ${plural(content.messages, "message")} ${scope(content)} in ${formatSeconds(content.tookMs / 1_000)}`;
  const head = `${mark(verdict, view)}  ${stream.account} > ${stream.stream}${read}: ${stream.reason}`;
  // Where all is well, and where the same holds for all replicas, the line says it all.
  const alike = verdict === "unproven" && new Set(replicas.map(({ notRead }) => notRead)).size === 1;
  if (verdict === "proven" || alike) return [head];
  return [head, ...replicas.flatMap((replica) => renderReplica(replica, stream, view))];
}

function scope({ sampled, firstSeq, lastSeq }: NonNullable<VerifiedStream["content"]>): string {
  return sampled ? "read as a sample" : `(${formatCount(firstSeq)} to ${formatCount(lastSeq)}) read`;
}

function renderReplica(replica: VerifiedReplica, { leader }: VerifiedStream, view: VerifiedView): readonly string[] {
  const { server, verdict, counted, read, counters, notRead } = replica;
  const facts = [
    counted === null ? "did not tell what it counts" : `counts ${plural(counted.messages, "message")}`,
    read === null ? "" : `hands out ${formatCount(read)}`,
    server === leader ? "leads" : "",
  ].filter((fact) => fact !== "");
  const runs = [
    ["cannot be read", replica.unreadable],
    ["missing", replica.missing],
    ["unlike the others'", replica.unlike],
  ] as const;
  return [
    `  ${mark(verdict, view)}  ${server}  ${facts.join(", ")}`,
    ...runs.flatMap(([what, some]) => (some.length === 0 ? [] : [`             ${what}: ${showRuns(some)}`])),
    ...counters.map((text) => `             ${text}`),
    ...(notRead === null ? [] : [`             not read: ${notRead}`]),
  ];
}

function showRuns(runs: readonly SequenceRun[]): string {
  const shown = runs.slice(0, namedRuns).map(([first, last]) => {
    return first === last ? formatCount(first) : `${formatCount(first)} to ${formatCount(last)}`;
  });
  const rest = runs.length > namedRuns ? ` and ${plural(runs.length - namedRuns, "more range")} (--json has all)` : "";
  const count = sequencesIn(runs);
  return count === 1 ? `sequence ${shown.join()}` : `${plural(count, "message")}, sequences ${shown.join(", ")}${rest}`;
}

function mark(verdict: Verdict, { color }: VerifiedView): string {
  const text = marks[verdict].padEnd(7);
  return color ? styleText(colors[verdict], text, { validateStream: false }) : text;
}
