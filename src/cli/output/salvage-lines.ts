import type { SalvageDamage, SalvageReport } from "../../formats/salvage/salvage-report.ts";
import type { SequenceRanges } from "../../formats/sequence-ranges.ts";
import { formatBytes, formatCount, plural } from "./format-values.ts";

const shownRanges = 10;
const shownDamages = 5;

/** The damages in JSON: more than anybody reads, and no file of gigabytes of them. */
const listedDamages = 1000;

/** What is lost of a damaged archive, and where, for people. */
export function salvageLines(report: SalvageReport): string[] {
  const { damages, notes } = report;
  const shown = damages.length > shownDamages + 1 ? damages.slice(0, shownDamages) : damages;
  const more = damages.length - shown.length;
  return [
    lossLine(report),
    ...shown.map(damageLine),
    ...(more > 0 ? [`and ${plural(more, "other place")}`] : []),
    ...notes,
  ];
}

/** The same, among the notes of what was made of the rest. */
export function salvageNotes(report: SalvageReport): string[] {
  return salvageLines(report).map((line) => `salvaged: ${line}`);
}

function lossLine({ lost, lostIsExact, openEnd }: SalvageReport): string {
  const behind = openEnd ? "what came behind the last message that can be read, if anything did" : "";
  if (lost.count === 0) return openEnd ? `lost: ${behind}` : "no message is lost";
  const unsure = lostIsExact ? "" : "; those that had been deleted before the backup are among them, as no index tells";
  return `lost: ${plural(lost.count, "message")}, ${lost.count === 1 ? "sequence" : "sequences"} ${rangesText(lost)}${unsure}${openEnd ? `; and ${behind}` : ""}`;
}

function rangesText(ranges: SequenceRanges): string {
  const named: string[] = [];
  for (const [first, last] of ranges) {
    if (named.length === shownRanges)
      return `${named.join(", ")} and ${formatCount(ranges.runs - shownRanges)} runs more`;
    named.push(first === last ? `${first}` : `${first}-${last}`);
  }
  return named.join(", ");
}

function damageLine({ what, entry, offset, encodedOffset, bytes }: SalvageDamage): string {
  const where = [
    ...(offset === undefined ? [] : [`byte ${offset} of the decoded archive`]),
    ...(encodedOffset === undefined ? [] : [`byte ${encodedOffset} of the file`]),
    ...(bytes === undefined ? [] : [`${formatBytes(bytes)} lost`]),
  ];
  return `${entry === undefined ? "" : `${entry}: `}${what}${where.length > 0 ? ` (${where.join(", ")})` : ""}`;
}

/** The same in JSON. */
export function salvageJson({ lost, lostIsExact, openEnd, damages, notes }: SalvageReport): object {
  return {
    lost_messages: lost.count,
    lost: [...lost],
    lost_is_exact: lostIsExact,
    open_end: openEnd,
    damages: damages.slice(0, listedDamages).map(({ what, entry, offset, encodedOffset, bytes }) => ({
      what,
      entry: entry ?? null,
      offset: offset ?? null,
      encoded_offset: encodedOffset ?? null,
      bytes: bytes ?? null,
    })),
    notes,
  };
}

/** Whether what was salvaged is less than what was backed up. */
export function isIncomplete({ lost, openEnd, notes }: SalvageReport): boolean {
  return lost.count > 0 || openEnd || notes.length > 0;
}
