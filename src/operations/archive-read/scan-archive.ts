import type { ArchiveReport } from "../../formats/archive/archive-inspector.ts";
import type { EntryBatch } from "../../formats/archive/archive-sink.ts";
import { LiveReader } from "../../formats/archive/live-reader.ts";
import { MessageFilter, type MessageSelection } from "../../formats/edit/message-filter.ts";
import { ArchiveCheck } from "../archive-check/archive-check.ts";
import { formatOf } from "../archive-edit/format-of.ts";
import { readAhead } from "../files/read-in-turns.ts";
import type { StoredStream } from "../stream-restore/read-backup.ts";

export interface ScanOptions {
  readonly select?: MessageSelection | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The archive was checked already: a v1 archive need not be read twice. */
  readonly report?: ArchiveReport | undefined;
  /** Called with messages that are selected; false ends the scan early. */
  readonly messages: (batch: EntryBatch) => boolean | undefined;
}

/**
 * Reads the live messages of an archive of either format in ascending order, without holding more than a part of them.
 * Throws ARCHIVE_DAMAGED, SNAPSHOT_INCOMPLETE, FILE_SYSTEM, CANCELLED.
 */
export async function scanArchive(stored: StoredStream, options: ScanOptions): Promise<void> {
  const { report } = options;
  const format = report?.format ?? formatOf(stored.archive);
  const live = format === "v1" ? (report ?? (await checkArchive(stored, options.signal))).live.ranges : undefined;
  const filter = new MessageFilter(options.select ?? {});
  let more = true;
  const reader = new LiveReader(
    { live },
    {
      consumer: () => {},
      messages: (batch) => {
        if (!more) return;
        const count = filter.keep(batch);
        if (count > 0 && options.messages({ ...batch, count }) === false) more = false;
      },
    },
  );
  for await (const piece of readAhead(stored.archive, Math.min(1024 * 1024, Math.max(1, stored.archiveBytes)))) {
    options.signal?.throwIfAborted();
    reader.push(piece);
    if (!more) return;
  }
  reader.end();
}

/** Decodes an archive to its end, in a worker, with every checksum in it. Throws ARCHIVE_DAMAGED, SNAPSHOT_INCOMPLETE, CANCELLED. */
export async function checkArchive(stored: StoredStream, signal?: AbortSignal): Promise<ArchiveReport> {
  const check = ArchiveCheck.start(stored.archive, stored.stream === "" ? {} : { streamName: stored.stream });
  const cancel = (): void => void check.cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    check.available(stored.archiveBytes);
    return (await check.finish()).report;
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
}
