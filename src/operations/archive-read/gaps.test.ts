import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { archiveV2 } from "../../testing/natsarc-writer.ts";
import { inspectArchive } from "../../testing/read-messages.ts";
import { metaEntries, packS2 } from "../../testing/test-archive.ts";
import { blk, erased, idx, index, inspect, lastChecksum, range, tomb } from "../../testing/v1-entries.ts";
import { packReport, unpackReport } from "../archive-check/check-protocol.ts";
import { gapsOf } from "./gaps.ts";

const reasons = { reasons: true } as const;

describe("the gaps of an archive", () => {
  it("each have their reasons, of which every sequence has one", () => {
    const records = [1, 2, erased(3), 4, 5, erased(6), ...range(7, 12), ...range(15, 20), tomb(4), tomb(3)];
    const last = blk(3, [...range(31, 40), tomb(35)]);
    const report = inspect(
      [
        ...metaEntries("S"),
        blk(1, records),
        last,
        index({
          blocks: [
            { number: 1, first: 1, last: 20, deleted: [3, 4, 6, 9, 10, 13, 14] },
            { number: 2, first: 21, last: 30, deleted: [21, 22] },
            { number: 3, first: 31, last: 40, deleted: [35] },
          ],
          lastChecksum: lastChecksum(last),
        }),
      ],
      reasons,
    );
    const gaps = {
      count: 6,
      sequences: 18,
      reasons: { lost: 8, deleted: 3, erased: 1, removed: 2, absent: 4 },
      largest: [
        { first: 3, last: 4, reasons: { deleted: 2 } },
        { first: 6, last: 6, reasons: { erased: 1 } },
        { first: 9, last: 10, reasons: { removed: 2 } },
        { first: 13, last: 14, reasons: { absent: 2 } },
        { first: 21, last: 30, reasons: { lost: 8, absent: 2 } },
        { first: 35, last: 35, reasons: { deleted: 1 } },
      ],
    };
    assert.deepEqual(gapsOf(report), gaps);
    assert.deepEqual(gapsOf(unpackReport(structuredClone(packReport(report)))), gaps, "from another thread too");
  });

  it("of 2.9 are told by what its indexes say", () => {
    const block = blk(1, range(1, 10));
    const facts = { first: 1, last: 10, deleted: [4, 5], bytes: 1, checksum: lastChecksum(block) };
    const report = inspect([...metaEntries("S"), idx(1, facts), block], reasons);
    assert.deepEqual(gapsOf(report).largest, [{ first: 4, last: 5, reasons: { removed: 2 } }]);
  });

  it("are not known why in a v2 archive, and the end of the stream is one of them", () => {
    const messages = [1, 2, 5].map((sequence) => ({ sequence }));
    const report = inspectArchive(packS2(archiveV2({ messages, state: { last_seq: 9 } })));
    assert.deepEqual(gapsOf(report), {
      count: 2,
      sequences: 6,
      reasons: { unknown: 6 },
      largest: [
        { first: 3, last: 4, reasons: { unknown: 2 } },
        { first: 6, last: 9, reasons: { unknown: 4 } },
      ],
    });
  });

  it("are listed up to ten, the largest, in their order; all of them count", () => {
    // Gaps of 1, 2, ... 100 sequences.
    let next = 1;
    const sequences = range(1, 101).map((size) => {
      const sequence = next;
      next += size + 1;
      return sequence;
    });
    const report = inspect([...metaEntries("S"), blk(1, sequences)], reasons);
    const { count, sequences: all, largest, reasons: why } = gapsOf(report);
    assert.deepEqual([count, all, why], [100, 5050, { absent: 5050 }]);
    assert.deepEqual(
      largest.map(({ first, last }) => last - first + 1),
      range(91, 100),
    );
  });

  it("are none in an empty stream, whatever its last sequence", () => {
    const report = inspect([...metaEntries("S"), blk(1, [tomb(77)])], reasons);
    assert.deepEqual(gapsOf(report), { count: 0, sequences: 0, reasons: {}, largest: [] });
  });
});
