import { LiveReader } from "../../formats/archive/live-reader.ts";
import { refuseIncomplete } from "../../formats/archive/refuse-incomplete.ts";
import { MessageFilter, type MessageSelection } from "../../formats/edit/message-filter.ts";
import type { SequenceRanges } from "../../formats/sequence-ranges.ts";
import { formatOf } from "../archive-edit/format-of.ts";
import { readAhead } from "../files/read-in-turns.ts";
import { namingFile } from "../stream-restore/prove-archive.ts";
import type { StoredStream } from "../stream-restore/read-backup.ts";
import { type ArchivedMessage, archivedMessages } from "./archived-message.ts";
import { checkArchive } from "./scan-archive.ts";

export interface ReadOptions {
  readonly select?: MessageSelection | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Compressed bytes that are decoded before what came out is handed on: a few blocks of a few MiB at most. */
const stepBytes = 4 * 1024;

/**
 * The selected live messages of an archive of either format, in ascending order, a few at a time.
 * Throws ARCHIVE_DAMAGED, SNAPSHOT_INCOMPLETE, FILE_SYSTEM, CANCELLED.
 */
export async function* readMessages(
  stored: StoredStream,
  options: ReadOptions = {},
): AsyncGenerator<readonly ArchivedMessage[]> {
  const { signal } = options;
  const live = formatOf(stored.archive) === "v1" ? await liveMessages(stored, signal) : undefined;
  const filter = new MessageFilter(options.select ?? {});
  const last = options.select?.lastSequence ?? Number.POSITIVE_INFINITY;
  let found: ArchivedMessage[] = [];
  let passed = false;
  const reader = new LiveReader(
    { live },
    {
      consumer: () => {},
      messages: (batch) => {
        if ((batch.rows.sequence[batch.count - 1] as number) >= last) passed = true;
        const count = filter.keep(batch);
        if (count > 0) found.push(...archivedMessages({ ...batch, count }));
      },
    },
  );
  for await (const piece of readAhead(stored.archive, 1024 * 1024)) {
    for (let at = 0; at < piece.length; at += stepBytes) {
      signal?.throwIfAborted();
      reader.push(piece.subarray(at, at + stepBytes));
      if (found.length > 0) {
        yield found;
        found = [];
      }
      if (passed) return;
    }
  }
  reader.end();
}

/** Of a v1 archive. What lacks a part is not shown as if it were all. */
async function liveMessages(stored: StoredStream, signal: AbortSignal | undefined): Promise<SequenceRanges> {
  try {
    const { report } = await checkArchive(stored, signal);
    if (!stored.salvaged) refuseIncomplete(report.problems);
    return report.live.ranges;
  } catch (error) {
    throw namingFile(stored, error);
  }
}
