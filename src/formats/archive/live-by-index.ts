import type { IndexDb } from "../filestore/index-db.ts";
import type { SequenceRanges } from "../sequence-ranges.ts";

/** Whether the blocks that an index lists hold as many messages as it counts in all: no server believes another one. Pure. */
export function isConsistent({ live, messages }: IndexDb): boolean {
  return live.count === messages;
}

/**
 * What an `index.db` calls live, in blocks that are there or not. Servers from 2.10 to 2.14 that purge up to the stream's last
 * sequence while that is deleted go on listing the purged messages, and count none; when they start again they do not believe
 * such an index, and take what the records say. Of what this one lists so much is gone, then, as its own count demands: first
 * by tombstones and erased records, then by its first sequence. Pure.
 */
export function liveByIndex(
  index: IndexDb,
  { tombstones, erased }: { readonly tombstones: SequenceRanges; readonly erased: SequenceRanges },
): SequenceRanges {
  const { live, messages, firstSequence } = index;
  if (live.count <= messages) return live;
  const notDeleted = live.difference(tombstones).difference(erased);
  return notDeleted.count <= messages ? notDeleted : notDeleted.above(firstSequence - 1);
}
