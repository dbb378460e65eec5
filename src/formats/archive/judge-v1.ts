import type { SequenceRanges } from "../sequence-ranges.ts";
import type { ArchiveReport, LiveMessages } from "./archive-report.ts";
import { findLosses } from "./find-losses.ts";
import { goneSequences } from "./gone-sequences.ts";
import { isConsistent, liveByIndex } from "./live-by-index.ts";
import type { V1Evidence } from "./v1-evidence.ts";

/** What a verdict adds to the figures of the walk. */
export type Verdict = Omit<ArchiveReport, "encodedBytes" | "decodedBytes">;

/** Decides which messages of a v1 archive are live, and what is missing. Pure. docs/formats/v1.md has the rules. */
export function judgeV1(evidence: V1Evidence, reasons = false): Verdict {
  const { stored } = evidence;
  const tombstones = evidence.tombstones.build();
  const index = evidence.indexDb ? "index.db" : evidence.blockIndexes.size > 0 ? "idx" : "none";
  const live = liveSequences(evidence, tombstones);
  const matches = indexMatches(evidence);
  const seenLast = Math.max(stored.last, evidence.erased.build().last, lastOfBlockIndexes(evidence));
  const withoutIndex = index === "idx" ? stored : stored.difference(tombstones);
  return {
    format: "v1",
    ...(evidence.meta ? { stream: evidence.meta } : {}),
    live: describeLive(evidence, live, matches),
    lastSequence: matches && evidence.indexDb ? evidence.indexDb.lastSequence : Math.max(seenLast, tombstones.last),
    lastSequenceBefore210: seenLast,
    records: {
      total: stored.count + evidence.erasedCount + evidence.tombstoneCount,
      erased: evidence.erasedCount,
      tombstones: evidence.tombstoneCount,
      deletedByIndex: withoutIndex.difference(live).count,
    },
    index,
    indexMatches: matches,
    consumers: evidence.consumers,
    expired: evidence.ages.expired.intersection(live).count,
    ttlMessages: evidence.ages.withTtl.intersection(live).count,
    ...(reasons ? { gone: goneSequences(evidence, live) } : {}),
    problems: [...evidence.problems, ...findLosses(evidence, live, matches)],
    resurrects: index === "idx" ? 0 : stored.count - live.count,
    liveWithoutIndexDiffers: index !== "none" && !withoutIndex.equals(live),
  };
}

/**
 * An index decides about all sequences that it has seen; it may be newer than the blocks, since what it says is gone was
 * gone before the snapshot ended. Tombstones decide about the rest, and about what went after an index that came first.
 */
function liveSequences(evidence: V1Evidence, tombstones: SequenceRanges): SequenceRanges {
  const { stored, indexDb } = evidence;
  if (indexDb) {
    const indexed = stored.intersection(liveByIndex(indexDb, { tombstones, erased: evidence.erased.build() }));
    const beyond = stored.above(indexDb.lastSequence);
    return evidence.indexFirst
      ? indexed.union(beyond).difference(tombstones)
      : indexed.union(beyond.difference(tombstones));
  }
  if (evidence.blockIndexes.size === 0) return stored.difference(tombstones);
  return stored.intersection(evidence.liveByBlockIndexes).union(evidence.beyondBlockIndexes).difference(tombstones);
}

/** Whether a server would use the index as it is: by its counts, and by the last record of the last block. */
function indexMatches({ indexDb, blocks, blockIndexes }: V1Evidence): boolean {
  if (indexDb) {
    if (!isConsistent(indexDb)) return false;
    let highest = 0;
    for (const block of blocks.keys()) highest = Math.max(highest, block);
    const last = blocks.get(indexDb.lastBlock);
    return highest === indexDb.lastBlock && last !== undefined && last.lastChecksum === indexDb.lastChecksum;
  }
  for (const [block, { bytes, lastChecksum }] of blocks) {
    const index = blockIndexes.get(block);
    if (index === undefined) return false;
    if (!(bytes === 0 && index.messages === 0) && index.lastChecksum !== lastChecksum) return false;
  }
  return blockIndexes.size > 0;
}

function lastOfBlockIndexes({ blockIndexes }: V1Evidence): number {
  let last = 0;
  for (const index of blockIndexes.values()) last = Math.max(last, index.lastSequence);
  return last;
}

function describeLive(evidence: V1Evidence, live: SequenceRanges, matches: boolean): LiveMessages {
  const bytes = liveBytes(evidence, live, matches);
  return {
    messages: live.count,
    firstSequence: live.first,
    lastSequence: live.last,
    ...(bytes === undefined ? {} : { bytes }),
    firstTime: live.count === 0 ? undefined : firstTime(evidence, live.first),
    lastTime: live.count === 0 ? undefined : lastTime(evidence, live.last),
    ranges: live,
  };
}

function liveBytes(evidence: V1Evidence, live: SequenceRanges, matches: boolean): number | undefined {
  if (live.count === evidence.stored.count) return evidence.storedBytes;
  const { indexDb, blockIndexes } = evidence;
  if (!matches) return undefined;
  if (indexDb) return indexDb.messages === live.count ? indexDb.bytes : undefined;
  let bytes = 0;
  for (const index of blockIndexes.values()) bytes += index.bytes;
  return bytes;
}

function firstTime({ times, indexDb, blockIndexes }: V1Evidence, sequence: number): bigint | undefined {
  const exact = times.exact(sequence);
  if (exact !== undefined) return exact;
  const block = indexDb?.blocks.find(({ first, messages }) => first === sequence && messages > 0);
  if (block && block.firstTime !== 0n) return block.firstTime;
  for (const index of blockIndexes.values()) if (index.firstSequence === sequence) return index.firstTime;
  return times.notAfter(sequence);
}

function lastTime({ times, indexDb, blockIndexes }: V1Evidence, sequence: number): bigint | undefined {
  const exact = times.exact(sequence);
  if (exact !== undefined) return exact;
  const block = indexDb?.blocks.find(({ last, messages }) => last === sequence && messages > 0);
  if (block) return block.lastTime;
  for (const index of blockIndexes.values()) if (index.lastSequence === sequence) return index.lastTime;
  return times.notBefore(sequence);
}
