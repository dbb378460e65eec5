import type { SequenceRanges } from "../sequence-ranges.ts";
import { missingByIndex } from "./find-losses.ts";
import type { V1Evidence } from "./v1-evidence.ts";

/** Why sequences of a v1 archive hold no message. No sequence is in two of them; the others have left no record at all. */
export interface GoneSequences {
  /** The index lists a message that is not in the archive. */
  readonly lost: SequenceRanges;
  /** A tombstone says that the message was deleted, purged or acknowledged. */
  readonly deleted: SequenceRanges;
  /** The record was overwritten by a delete, or the sequence was skipped. */
  readonly erased: SequenceRanges;
  /** The message is still inside, and only the index says that a limit, a purge or a delete took it. */
  readonly removed: SequenceRanges;
}

/** Sorts what is gone by what tells of it. Pure. */
export function goneSequences(evidence: V1Evidence, live: SequenceRanges): GoneSequences {
  const { stored, indexDb, liveByBlockIndexes } = evidence;
  const lost = indexDb ? missingByIndex(evidence, indexDb) : liveByBlockIndexes.difference(stored);
  const known = live.union(lost);
  const deleted = evidence.tombstones.build().difference(known);
  const erased = evidence.erased.build().difference(known).difference(deleted);
  const removed = stored.difference(live).difference(deleted).difference(erased);
  return { lost, deleted, erased, removed };
}
