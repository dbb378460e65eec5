import type { ArchiveReport } from "../../formats/archive/archive-inspector.ts";
import { SubjectTable } from "../../formats/subjects/subject-table.ts";
import type { StoredStream } from "../stream-restore/read-backup.ts";
import { checkArchive, scanArchive } from "./scan-archive.ts";

/** Sequences without a message, between the first message and the last sequence. */
export interface Gap {
  readonly first: number;
  readonly last: number;
}

export interface ArchiveOverview {
  readonly report: ArchiveReport;
  /** Messages of each subject, most first. */
  readonly subjects: readonly { readonly subject: string; readonly messages: number }[];
  readonly gaps: { readonly count: number; readonly sequences: number; readonly largest: readonly Gap[] };
}

const shownGaps = 10;

/** What an archive holds, from its content alone. Throws ARCHIVE_DAMAGED, SNAPSHOT_INCOMPLETE, FILE_SYSTEM, CANCELLED. */
export async function archiveOverview(stored: StoredStream, signal?: AbortSignal): Promise<ArchiveOverview> {
  const { report } = await checkArchive(stored, signal);
  const table = new SubjectTable();
  let counts = new Float64Array(1024);
  await scanArchive(stored, {
    report,
    signal,
    messages: ({ kernels, rows, count }) => {
      const { offset, nameLength } = rows;
      for (let row = 0; row < count; row++) {
        const number = table.number(kernels.bytes, offset[row] as number, nameLength[row] as number);
        if (number >= counts.length) {
          const larger = new Float64Array(counts.length * 2);
          larger.set(counts);
          counts = larger;
        }
        counts[number] = (counts[number] as number) + 1;
      }
    },
  });
  const subjects = Array.from({ length: table.size }, (_, number) => ({
    subject: table.text(number),
    messages: counts[number] as number,
  }));
  subjects.sort((a, b) => b.messages - a.messages || (a.subject < b.subject ? -1 : 1));
  return { report, subjects, gaps: gapsOf(report) };
}

function gapsOf({ live, lastSequence }: ArchiveReport): ArchiveOverview["gaps"] {
  let [count, sequences, before] = [0, 0, 0];
  const largest: Gap[] = [];
  const add = (first: number, last: number): void => {
    if (before === 0 || last < first) return;
    count++;
    sequences += last - first + 1;
    largest.push({ first, last });
    if (largest.length <= 4 * shownGaps) return;
    largest.sort((a, b) => b.last - b.first - (a.last - a.first));
    largest.length = shownGaps;
  };
  for (const [first, last] of live.ranges) {
    add(before + 1, first - 1);
    before = last;
  }
  add(before + 1, lastSequence);
  largest.sort((a, b) => b.last - b.first - (a.last - a.first));
  return { count, sequences, largest: largest.slice(0, shownGaps).sort((a, b) => a.first - b.first) };
}
