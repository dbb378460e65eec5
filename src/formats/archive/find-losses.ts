import type { IndexDb } from "../filestore/index-db.ts";
import { SequenceRanges } from "../sequence-ranges.ts";
import type { ArchiveProblem } from "./archive-report.ts";
import { isConsistent, liveByIndex } from "./live-by-index.ts";
import type { V1Evidence } from "./v1-evidence.ts";

/**
 * What the index of a v1 archive calls live and its blocks do not hold. Servers from 2.10 to 2.14 skip a block without any
 * error when an older one is evicted during the snapshot; the index, written last, gives them away. What is newer than the
 * last record that was copied is no loss: it came after the snapshot had passed. Pure.
 */
export function findLosses(evidence: V1Evidence, live: SequenceRanges, matches: boolean): ArchiveProblem[] {
  const { indexDb } = evidence;
  if (indexDb) return [...lossesByIndex(evidence, indexDb, matches)];
  return [...lossesByBlockIndexes(evidence, live)];
}

/** What an index calls live and no block holds, up to the last record that was copied. Pure. */
export function missingByIndex(evidence: V1Evidence, index: IndexDb): SequenceRanges {
  const { stored, indexFirst } = evidence;
  const [erased, tombstones] = [evidence.erased.build(), evidence.tombstones.build()];
  // An index that came first knows nothing of what went while the blocks were copied.
  const gone = indexFirst ? erased.union(tombstones) : new SequenceRanges();
  return liveByIndex(index, { tombstones, erased }).upTo(lastCopied(evidence)).difference(stored).difference(gone);
}

const lastCopied = ({ stored, erased }: V1Evidence): number => Math.max(stored.last, erased.build().last);

function* lossesByIndex(evidence: V1Evidence, index: IndexDb, matches: boolean): Iterable<ArchiveProblem> {
  const { blocks, stored, indexFirst } = evidence;
  const copied = lastCopied(evidence);
  const missing = missingByIndex(evidence, index);
  const inAbsentBlocks = new SequenceRanges();
  for (const { number, first, last, messages } of index.blocks) {
    if (messages === 0) continue;
    if (blocks.has(number)) continue;
    inAbsentBlocks.appendRun(first, last);
    const absent = missing.countUpTo(last) - missing.countUpTo(first - 1);
    if (absent === 0) continue;
    const entry = `msgs/${number}.blk`;
    const what = `${absent} live messages of block ${number} (sequences ${first} to ${last})`;
    if (indexFirst && last < stored.first) {
      const message = `${what} went before the server came to copy them`;
      yield { code: "evicted-block", severity: "note", entry, message, first, last, count: absent };
    } else {
      const message = `${what} are missing: the server skipped that block`;
      yield { code: "missing-block", severity: "fatal", entry, message, first, last, count: absent };
    }
  }
  const inside = missing.difference(inAbsentBlocks);
  if (inside.count > 0) {
    const { first, last, count } = inside;
    const message = `${count} live messages (sequences ${first} to ${last}) are missing from blocks that are there`;
    yield { code: "missing-messages", severity: indexFirst ? "note" : "fatal", message, first, last, count };
  }
  const [erased, tombstones] = [evidence.erased.build(), evidence.tombstones.build()];
  const newer = liveByIndex(index, { tombstones, erased }).above(copied);
  if (newer.count > 0) {
    const { first, last, count } = newer;
    const message = `${count} messages that arrived behind sequence ${copied} came too late for this snapshot`;
    yield { code: "newer-than-copy", severity: "note", message, first, last, count };
  }
  if (!isConsistent(index)) {
    const message =
      `index.db counts ${index.messages} messages, and lists ${index.live.count}: ` +
      "a server does not believe it, and rebuilds its state from the blocks";
    yield { code: "index-counts", severity: "note", entry: "msgs/index.db", message };
  } else if (!matches) {
    const message = "index.db is of another moment than the last block: a server rebuilds its state from the blocks";
    yield { code: "index-outdated", severity: "note", entry: "msgs/index.db", message };
  }
}

function* lossesByBlockIndexes(evidence: V1Evidence, live: SequenceRanges): Iterable<ArchiveProblem> {
  for (const [block, index] of evidence.blockIndexes) {
    const { firstSequence: first, lastSequence: last, messages } = index;
    if (evidence.blocks.has(block) || messages === 0) continue;
    const message = `block ${block} with ${messages} messages (sequences ${first} to ${last}) is missing`;
    yield {
      code: "missing-block",
      severity: "fatal",
      entry: `msgs/${block}.blk`,
      message,
      first,
      last,
      count: messages,
    };
  }
  let present = new SequenceRanges();
  for (const [block, index] of evidence.blockIndexes) {
    if (evidence.blocks.has(block)) present = present.runs === 0 ? copy(index.live) : append(present, index.live);
  }
  const missing = present.difference(live);
  if (missing.count === 0) return;
  const { first, last, count } = missing;
  const message = `${count} live messages (sequences ${first} to ${last}) are missing from blocks that are there`;
  yield { code: "missing-messages", severity: "fatal", message, first, last, count };
}

function copy(ranges: SequenceRanges): SequenceRanges {
  return SequenceRanges.from(ranges);
}

function append(to: SequenceRanges, from: SequenceRanges): SequenceRanges {
  for (const [first, last] of from) to.appendRun(first, last);
  return to;
}
