import { isoTime } from "../../formats/directory/archive-facts.ts";
import type { StreamConfig } from "../../jetstream/api-types.ts";
import type { ArchiveOverview } from "../../operations/archive-read/archive-overview.ts";
import { type Gap, type GapReason, gapReasons, type ReasonCounts } from "../../operations/archive-read/gaps.ts";
import type { StoredStream } from "../../operations/stream-restore/read-backup.ts";
import { formatBytes, formatCount, plural } from "./format-values.ts";
import { visible } from "./message-lines.ts";
import { configRows, type Row, renderSections } from "./stream-details.ts";

const shownSubjects = 20;

/** What an archive holds, for people. */
export function renderOverview(
  stored: StoredStream,
  config: StreamConfig,
  overview: ArchiveOverview,
  all: boolean,
): string {
  const { report, subjects, gaps } = overview;
  const { live } = report;
  const shown = all ? subjects : subjects.slice(0, shownSubjects);
  const archive: Row[] = [
    ["File", stored.archive],
    ["Format", report.format],
    ["Size", `${formatBytes(stored.archiveBytes)}, ${formatBytes(report.decodedBytes)} uncompressed`],
    ...(stored.manifest?.server ? ([["Made by", `nats-server ${stored.manifest.server.version}`]] as Row[]) : []),
    ["Manifest", stored.manifest ? `written by ${stored.manifest.tool} at ${stored.manifest.verified.at}` : "none"],
  ];
  const content: Row[] = [
    ["Messages", formatCount(live.messages)],
    ...(live.messages > 0
      ? ([
          ["First Sequence", `${formatCount(live.firstSequence)} @ ${isoTime(live.firstTime)}`],
          ["Last Message", `${formatCount(live.lastSequence)} @ ${isoTime(live.lastTime)}`],
        ] as Row[])
      : []),
    ["Last Sequence", formatCount(report.lastSequence)],
    ...(live.bytes === undefined ? [] : ([["Bytes", formatBytes(live.bytes)]] as Row[])),
    ...(report.ttlMessages > 0 ? ([["With Their Own TTL", formatCount(report.ttlMessages)]] as Row[]) : []),
    ["Subjects", formatCount(subjects.length)],
    ["Gaps", gaps.count === 0 ? "none" : `${formatCount(gaps.count)}, ${plural(gaps.sequences, "sequence")}`],
  ];
  const sections: [string, readonly Row[]][] = [
    ["Archive", archive],
    ["Configuration", configRows(config)],
    ["Content", content],
  ];
  if (gaps.count > 0) {
    const more = gaps.count - gaps.largest.length;
    sections.push([more > 0 ? `Gaps, the ${gaps.largest.length} largest` : "Gaps", gaps.largest.map(gapRow)]);
    if (gaps.count > 1) sections.push(["All Gaps", reasonRows(gaps.reasons)]);
  }
  if (subjects.length > 0) {
    sections.push([
      shown.length < subjects.length ? `Subjects, the ${shown.length} with most messages` : "Subjects",
      shown.map(({ subject, messages }): Row => [visible(subject), plural(messages, "message")]),
    ]);
  }
  if (report.consumers.length > 0) {
    sections.push([
      "Consumers",
      report.consumers.map(
        ({ name, state }): Row => [
          name,
          state
            ? `delivered up to ${formatCount(state.delivered.stream)}, acknowledged up to ${formatCount(state.ackFloor.stream)}, ` +
              `${formatCount(state.pending.length)} waited for`
            : "starts by its deliver policy",
        ],
      ),
    ]);
  }
  const problems = report.problems.map(({ severity, message }) => `  ${severity === "fatal" ? "✗" : "•"} ${message}`);
  return (
    renderSections(`Backup of Stream ${config.name}`, sections) +
    (problems.length > 0 ? `\nProblems:\n\n${problems.join("\n")}\n` : "")
  );
}

/** What the archive tells about sequences that hold no message. */
const reasonTexts: Readonly<Record<GapReason, string>> = {
  lost: "lost: the index lists them, and the server did not copy them",
  deleted: "deleted, purged or acknowledged",
  erased: "erased, or skipped",
  removed: "removed by a limit, a purge or a delete, as the index says",
  absent: "gone with their blocks, before the backup",
  unknown: "not known why: a v2 archive holds live messages only",
};

function gapRow({ first, last, reasons }: Gap): Row {
  const why = gapReasons.filter((reason) => reasons[reason] !== undefined);
  const [only] = why;
  const text =
    why.length === 1 && only
      ? `${plural(last - first + 1, "sequence")}, ${reasonTexts[only]}`
      : why.map((reason) => `${formatCount(reasons[reason] ?? 0)} ${reasonTexts[reason]}`).join("; ");
  return [first === last ? `${first}` : `${first}-${last}`, text];
}

function reasonRows(reasons: ReasonCounts): Row[] {
  return gapReasons
    .filter((reason) => reasons[reason] !== undefined)
    .map((reason): Row => [formatCount(reasons[reason] ?? 0), reasonTexts[reason]]);
}
