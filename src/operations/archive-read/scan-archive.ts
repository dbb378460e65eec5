import type { ArchiveReport, InspectOptions } from "../../formats/archive/archive-inspector.ts";
import type { EntryBatch } from "../../formats/archive/archive-sink.ts";
import { LiveReader } from "../../formats/archive/live-reader.ts";
import { problemsSinceStart, stateAtStart } from "../../formats/archive/losses-at-start.ts";
import { ArchiveCheck, type CheckedArchive } from "../archive-check/archive-check.ts";
import { readAhead } from "../files/read-in-turns.ts";
import { limitedReport } from "../stream-restore/limited-report.ts";
import type { StoredStream } from "../stream-restore/read-backup.ts";

export interface ScanOptions {
  readonly signal?: AbortSignal | undefined;
  /** What was found when the archive was checked. */
  readonly report: ArchiveReport;
  readonly messages: (batch: EntryBatch) => void;
}

/**
 * Reads the live messages of an archive of either format in ascending order, without holding more than a part of them.
 * Throws ARCHIVE_DAMAGED, SNAPSHOT_INCOMPLETE, FILE_SYSTEM, CANCELLED.
 */
export async function scanArchive(stored: StoredStream, { report, signal, messages }: ScanOptions): Promise<void> {
  const live = report.format === "v1" ? report.live.ranges : undefined;
  const reader = new LiveReader({ live }, { consumer: () => {}, messages });
  for await (const piece of readAhead(stored.archive, Math.min(1024 * 1024, Math.max(1, stored.archiveBytes)))) {
    signal?.throwIfAborted();
    reader.push(piece);
  }
  reader.end();
}

export interface CheckOptions extends Pick<InspectOptions, "reasons"> {
  /** Called ten times a second with the compressed bytes that were read so far. */
  readonly onRead?: (bytes: number) => void;
}

/** Decodes an archive to its end, in a worker, with every checksum in it. Throws ARCHIVE_DAMAGED, SNAPSHOT_INCOMPLETE, CANCELLED. */
export async function checkArchive(
  stored: StoredStream,
  signal?: AbortSignal,
  { onRead, ...options }: CheckOptions = {},
): Promise<CheckedArchive> {
  const name = stored.stream === "" ? {} : { streamName: stored.stream };
  const check = ArchiveCheck.start(stored.archive, { ...name, ...options });
  const cancel = (): void => void check.cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  const ticker = onRead && setInterval(() => onRead(check.encodedBytes), 100);
  try {
    check.available(stored.archiveBytes);
    const checked = await check.finish();
    const report = limitedReport(stored, checked.report);
    return { ...checked, report: { ...report, problems: problemsSinceStart(report, stateAtStart(stored.state)) } };
  } finally {
    clearInterval(ticker);
    signal?.removeEventListener("abort", cancel);
  }
}
