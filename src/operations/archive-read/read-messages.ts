import { LiveReader } from "../../formats/archive/live-reader.ts";
import { refuseHidden } from "../../formats/archive/refuse-hidden.ts";
import { refuseIncomplete } from "../../formats/archive/refuse-incomplete.ts";
import { MessageFilter, type MessageSelection } from "../../formats/edit/message-filter.ts";
import type { SequenceRanges } from "../../formats/sequence-ranges.ts";
import { formatOf } from "../archive-edit/format-of.ts";
import { sameAsProven } from "../archive-edit/same-as-proven.ts";
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
 * The selected live messages of an archive of either format, in ascending order, a few at a time. What is wrong with it as a
 * whole is said at its end, and not where the reading ends before that.
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
  let isAny = false;
  let passed = false;
  let announced = 0;
  let messages = 0;
  const reader = new LiveReader(
    { live },
    {
      state: (state) => {
        announced = state.messages;
      },
      consumer: () => {},
      messages: (batch) => {
        messages += batch.count;
        if ((batch.rows.sequence[batch.count - 1] as number) >= last) passed = true;
        const count = filter.keep(batch);
        if (count > 0) found.push(...archivedMessages({ ...batch, count }));
      },
    },
  );
  try {
    for await (const piece of readAhead(stored.archive, 1024 * 1024)) {
      for (let at = 0; at < piece.length; at += stepBytes) {
        signal?.throwIfAborted();
        reader.push(piece.subarray(at, at + stepBytes));
        if (found.length > 0) {
          isAny = true;
          yield found;
          found = [];
        }
        // What is not there may be damaged: only the end tells.
        if (passed && isAny) return;
      }
    }
    reader.end();
    if (stored.salvaged) return;
    refuseHidden(reader, announced, messages);
    sameAsProven(stored, messages);
  } catch (error) {
    throw namingFile(stored, error);
  }
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
