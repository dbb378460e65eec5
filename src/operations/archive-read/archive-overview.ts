import type { ArchiveReport } from "../../formats/archive/archive-inspector.ts";
import { SubjectTable } from "../../formats/subjects/subject-table.ts";
import { namingFile } from "../stream-restore/prove-archive.ts";
import type { StoredStream } from "../stream-restore/read-backup.ts";
import { type Gaps, gapsOf } from "./gaps.ts";
import { checkArchive, scanArchive } from "./scan-archive.ts";

export interface ArchiveOverview {
  readonly report: ArchiveReport;
  /** Messages of each subject, most first. */
  readonly subjects: readonly { readonly subject: string; readonly messages: number }[];
  readonly gaps: Gaps;
}

/** What an archive holds, from its content alone. `onRead`: compressed bytes so far. Throws ARCHIVE_DAMAGED, SNAPSHOT_INCOMPLETE, FILE_SYSTEM, CANCELLED. */
export async function archiveOverview(
  stored: StoredStream,
  signal?: AbortSignal,
  onRead?: (bytes: number) => void,
): Promise<ArchiveOverview> {
  const { report } = await checkArchive(stored, signal, { reasons: true, ...(onRead ? { onRead } : {}) }).catch(
    (error: unknown) => {
      throw namingFile(stored, error);
    },
  );
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
