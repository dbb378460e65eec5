import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { metaEntries, type TestEntry } from "../../testing/test-archive.ts";
import { blk, codes, erased, idx, index, inspect, lastChecksum, live, range, tomb } from "../../testing/v1-entries.ts";

const meta = metaEntries("S");

describe("which messages of a v1 archive are live", () => {
  it("V1-20 not erased ones, nor those that any block has a tombstone for, in whatever order", () => {
    const report = inspect([
      ...meta,
      blk(1, [1, 2, erased(3), 4, 5, tomb(7)]),
      blk(4, [6, 7, 8, tomb(2), tomb(1), tomb(99)]),
    ]);
    assert.deepEqual(live(report), [
      [4, 6],
      [8, 8],
    ]);
    assert.deepEqual(report.records, { total: 12, erased: 1, tombstones: 4, deletedByIndex: 0 });
    assert.deepEqual([report.index, report.indexMatches], ["none", false]);
    assert.equal(report.liveWithoutIndexDiffers, false);
    assert.equal(report.resurrects, 3);
  });

  it("V1-20 not a record whose sequence was erased as well", () => {
    const report = inspect([...meta, blk(1, [1, { sequence: 0 }, { sequence: 0, erased: true }, 2])]);
    assert.deepEqual([live(report), report.records.erased], [[[1, 2]], 2]);
  });

  it("V1-21 only those that index.db, where it came last, calls live, of all that it has seen", () => {
    const first = blk(1, range(1, 20));
    const second = blk(2, [...range(21, 30), tomb(5)]);
    const blocks = [
      { number: 1, first: 4, last: 20, deleted: [5, 6, 10] },
      { number: 2, first: 21, last: 30, deleted: [25] },
    ];
    const report = inspect([...meta, first, second, index({ blocks, lastChecksum: lastChecksum(second) })]);
    assert.deepEqual(live(report), [
      [4, 4],
      [7, 9],
      [11, 24],
      [26, 30],
    ]);
    assert.deepEqual([report.indexMatches, codes(report)], [true, []]);
    // Sequence 5 has a tombstone; 1, 2, 3, 6, 10 and 25 only the index tells of.
    assert.equal(report.records.deletedByIndex, 6);
    assert.equal(report.liveWithoutIndexDiffers, true);
    assert.equal(report.resurrects, 7);
  });

  it("V1-21 none of a block that index.db no longer lists: it went during the snapshot", () => {
    const last = blk(3, range(21, 30));
    const report = inspect([
      ...meta,
      blk(1, range(1, 10)),
      blk(2, range(11, 20)),
      last,
      index({ blocks: [{ number: 3, first: 21, last: 30 }], lastChecksum: lastChecksum(last) }),
    ]);
    assert.deepEqual([live(report), codes(report)], [[[21, 30]], []]);
  });

  it("V1-21 one with a tombstone from before its sequence was used again, if index.db calls it live", () => {
    const only = blk(1, [1, 2, tomb(3), 3, 4]);
    const report = inspect([
      ...meta,
      only,
      index({ blocks: [{ number: 1, first: 1, last: 4 }], lastChecksum: lastChecksum(only) }),
    ]);
    assert.deepEqual([live(report), codes(report)], [[[1, 4]], []]);
  });

  it("V1-39 as many as index.db counts, where its blocks list more: those with a tombstone are gone, or erased", () => {
    const records = [...range(1, 3), erased(4), ...range(5, 8), ...[8, 1, 2, 3, 5, 6, 7].map(tomb)];
    const only = blk(1, records);
    const listed = { blocks: [{ number: 1, first: 1, last: 8 }], lastChecksum: lastChecksum(only) };
    const none = inspect([...meta, only, index({ ...listed, messages: 0, firstSequence: 1 })]);
    assert.deepEqual([live(none), codes(none)], [[], ["index-counts note"]]);
    assert.deepEqual([none.lastSequence, none.indexMatches, none.liveWithoutIndexDiffers], [8, false, false]);
    const last = blk(1, [...range(1, 8), tomb(8), tomb(3)]);
    const six = index({ blocks: [{ number: 1, first: 1, last: 8 }], lastChecksum: lastChecksum(last), messages: 6 });
    assert.deepEqual(live(inspect([...meta, last, six])), [
      [1, 2],
      [4, 7],
    ]);
  });

  it("V1-39 those from its first sequence on, where no tombstones tell: a server would have the others back", () => {
    const only = blk(1, [...range(1, 8), tomb(8)]);
    const listed = { blocks: [{ number: 1, first: 1, last: 8 }], lastChecksum: lastChecksum(only) };
    for (const first of [true, false]) {
      const purged = index({ ...listed, messages: 0, firstSequence: 9 });
      const report = inspect(first ? [...meta, purged, only] : [...meta, only, purged]);
      assert.deepEqual([live(report), codes(report)], [[], ["index-counts note"]]);
      assert.deepEqual([report.lastSequence, report.liveWithoutIndexDiffers], [8, true]);
    }
  });

  it("V1-39 all that it lists, where it counts more than that", () => {
    const only = blk(1, range(1, 8));
    const listed = { blocks: [{ number: 1, first: 1, last: 8, deleted: [2] }], lastChecksum: lastChecksum(only) };
    const report = inspect([...meta, only, index({ ...listed, messages: 8 })]);
    assert.deepEqual(
      [live(report), codes(report)],
      [
        [
          [1, 1],
          [3, 8],
        ],
        ["index-counts note"],
      ],
    );
  });

  it("V1-22 not those with tombstones, where index.db came first: those may be newer than it", () => {
    const blocks = [{ number: 1, first: 1, last: 10, deleted: [3] }];
    const report = inspect([...meta, index({ blocks }), blk(1, [...range(1, 10), tomb(5), 11, 12, tomb(12)])]);
    assert.deepEqual(live(report), [
      [1, 2],
      [4, 4],
      [6, 11],
    ]);
    assert.deepEqual(codes(report), ["index-outdated note"]);
    assert.equal(report.lastSequence, 12);
  });

  it("V1-23 those behind the last sequence of index.db, unless they have tombstones", () => {
    const blocks = [{ number: 1, first: 1, last: 10 }];
    const report = inspect([...meta, blk(1, range(1, 14)), blk(2, [15, 16, tomb(13), tomb(16)]), index({ blocks })]);
    assert.deepEqual(live(report), [
      [1, 12],
      [14, 15],
    ]);
  });

  it("V1-24 those that N.idx calls live, those behind its last sequence, and those of blocks without one", () => {
    const first = blk(1, range(1, 10));
    const report = inspect([
      ...meta,
      idx(1, { first: 3, last: 10, deleted: [5, 6], checksum: lastChecksum(first), bytes: 6 * 32 }),
      first,
      idx(2, { first: 11, last: 13, deleted: [], checksum: 1n, bytes: 96 }),
      blk(2, range(11, 15)),
      blk(3, [16, 17]),
    ]);
    assert.deepEqual(live(report), [
      [3, 4],
      [7, 17],
    ]);
    assert.deepEqual([report.index, report.indexMatches, report.resurrects], ["idx", false, 0]);
    assert.deepEqual(report.records.deletedByIndex, 4);
    assert.equal(report.lastSequence, 17);
  });

  it("V1-25 all others, without any index: a server would apply the stream's limits to them", () => {
    const report = inspect([...metaEntries("S", { max_msgs: 3 }), blk(1, range(1, 10))]);
    assert.deepEqual([live(report), report.index], [[[1, 10]], "none"]);
  });

  it("V1-14 none twice: a server takes no sequence again within a block", () => {
    const report = inspect([...meta, blk(1, [5, 6, 6, 5, 7])]);
    assert.deepEqual([live(report), codes(report)], [[[5, 7]], ["repeated-records note"]]);
  });

  it("V1-14 not clear where blocks overlap", () => {
    const report = inspect([...meta, blk(1, range(1, 10)), blk(2, range(8, 12))]);
    assert.deepEqual(codes(report), ["overlapping-blocks fatal", "repeated-records note"]);
  });
});

describe("the last sequence of a v1 archive", () => {
  const last = (...entries: TestEntry[]): number[] => {
    const report = inspect([...meta, ...entries]);
    return [report.lastSequence, report.lastSequenceBefore210];
  };

  it("V1-26 is that of the last record, erased ones and tombstones included", () => {
    assert.deepEqual(last(blk(1, [1, 2, 3])), [3, 3]);
    assert.deepEqual(last(blk(1, [1, 2, erased(9)])), [9, 9]);
    assert.deepEqual(last(blk(1, [1, 2]), blk(7, [tomb(9)])), [9, 2]);
    assert.deepEqual(last(), [0, 0]);
  });

  it("V1-26 is that of index.db where a server would use it, and not where it is of another moment", () => {
    const block = blk(1, [1, 2, 3]);
    const blocks = [{ number: 1, first: 1, last: 3 }];
    assert.deepEqual(last(block, index({ blocks, lastSequence: 9, lastChecksum: lastChecksum(block) })), [9, 3]);
    assert.deepEqual(last(block, index({ blocks, lastSequence: 9, lastChecksum: 1n })), [3, 3]);
  });

  it("V1-26 is that of N.idx for an empty block", () => {
    assert.deepEqual(
      last(idx(1, { first: 778, last: 777, deleted: [], checksum: 0n, bytes: 0 }), blk(1, [])),
      [777, 777],
    );
  });
});
