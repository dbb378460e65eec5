import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isRelightError } from "../../errors.ts";
import { feedParser } from "../../testing/feed-parser.ts";
import { indexDb, type TestIndex } from "../../testing/index-db-writer.ts";
import { streamKey } from "./highway-keys.ts";
import { type IndexDb, parseIndexDb } from "./index-db.ts";

const name = "msgs/index.db";

function parse(bytes: Uint8Array, piece?: number): IndexDb {
  return feedParser(bytes, (window) => parseIndexDb(window, name, bytes.length, streamKey("S")), piece);
}

function refuses(bytes: Uint8Array, message: RegExp): void {
  assert.throws(
    () => parse(bytes),
    (error) => isRelightError(error, "ARCHIVE_DAMAGED") && message.test(error.message) && error.context.entry === name,
  );
}

const sample: TestIndex = {
  subjects: { "orders.eu": 3, "orders.us": 1, [`long.${"x".repeat(300)}`]: 7 },
  blocks: [
    {
      number: 3,
      first: 10,
      last: 20,
      deleted: [12, 13, 19],
      firstTime: 1_700_000_000_000_000_000n,
      lastTime: 1_700_000_000_000_000_009n,
    },
    { number: 5, first: 5_000_000_000, last: 5_000_010_000, deleted: [5_000_000_001, 5_000_004_096, 5_000_009_999] },
    { number: 6, first: 5_000_010_001, last: 5_000_010_000 },
  ],
  lastSequence: 5_000_010_000,
  lastChecksum: 0xfedcba9876543210n,
};

describe("parsing index.db", () => {
  for (const version of [1, 2, 3, 4] as const) {
    it(`V1-31 reads version ${version}, in pieces of any size`, () => {
      const bytes = indexDb("S", { ...sample, version });
      for (const piece of [1, 7, 64, bytes.length]) {
        const index = parse(bytes, piece);
        assert.equal(index.version, version);
        assert.equal(index.subjects, 3);
        assert.equal(index.lastSequence, 5_000_010_000);
        assert.equal(index.lastBlock, 6);
        assert.equal(index.lastChecksum, 0xfedcba9876543210n);
        assert.deepEqual(
          [...index.live],
          [
            [10, 11],
            [14, 18],
            [20, 20],
            [5_000_000_000, 5_000_000_000],
            [5_000_000_002, 5_000_004_095],
            [5_000_004_097, 5_000_009_998],
            [5_000_010_000, 5_000_010_000],
          ],
        );
        const [first, second, empty] = index.blocks;
        assert.deepEqual([first?.number, first?.first, first?.last, first?.messages], [3, 10, 20, 8]);
        assert.deepEqual([first?.firstTime, first?.lastTime], [1_700_000_000_000_000_000n, 1_700_000_000_000_000_009n]);
        assert.equal(second?.messages, 9_998);
        assert.equal(empty?.messages, 0);
      }
    });
  }

  it("V1-32 reads maps of deletes of both versions, whatever the order of their nodes", () => {
    const holes = fc.uniqueArray(fc.integer({ min: 100, max: 20_000 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(holes, fc.constantFrom<1 | 2>(1, 2), (deleted, mapVersion) => {
        const index = parse(indexDb("S", { mapVersion, blocks: [{ number: 1, first: 100, last: 20_000, deleted }] }));
        const expected: number[] = [];
        for (let sequence = 100; sequence <= 20_000; sequence++)
          if (!deleted.includes(sequence)) expected.push(sequence);
        const found: number[] = [];
        for (const [first, last] of index.live) for (let s = first; s <= last; s++) found.push(s);
        assert.deepEqual(found, expected);
      }),
      { numRuns: 30 },
    );
  });

  it("V1-32 leaves out deletes outside a block's bounds", () => {
    const index = parse(indexDb("S", { blocks: [{ number: 1, first: 100, last: 110, deleted: [5, 99, 105, 111] }] }));
    assert.deepEqual(
      [...index.live],
      [
        [100, 104],
        [106, 110],
      ],
    );
  });

  it("counts very many subjects without keeping them", () => {
    const subjects = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`kv.key.${i}`, (i % 3) + 1]));
    const index = parse(indexDb("S", { ...sample, subjects }), 5_000);
    assert.equal(index.subjects, 20_000);
    assert.equal(index.live.count, 8 + 9_998);
  });
});

describe("damage in index.db", () => {
  const bytes = indexDb("S", { ...sample, subjects: { a: 1, b: 2 } });

  it("V1-30 is caught in every byte", () => {
    for (let at = 0; at < bytes.length; at++) {
      const copy = bytes.slice();
      copy[at] = (copy[at] as number) ^ 0x10;
      refuses(copy, /./);
    }
  });

  it("V1-30 is an index of another stream", () => {
    refuses(indexDb("OTHER", sample), /its checksum is wrong/);
  });

  it("V1-30 is one that is longer or shorter than it says", () => {
    refuses(bytes.subarray(0, 20), /too few/);
    for (const size of [40, bytes.length - 1]) refuses(bytes.subarray(0, size), /ends too early|checksum/);
    const longer = new Uint8Array(bytes.length + 5);
    longer.set(bytes);
    refuses(longer, /5 bytes too many/);
  });

  it("V1-31 is an unknown version or magic", () => {
    const newer = bytes.slice();
    newer[1] = 5;
    refuses(newer, /unknown version 5/);
    const other = bytes.slice();
    other[0] = 22;
    refuses(other, /no index of a filestore/);
  });

  it("V1-32 is a count that no file could hold: nothing is allocated for it", () => {
    // A map of four billion nodes, a subject of a terabyte, and half a trillion blocks.
    const map = indexDb("S", { blocks: [{ number: 1, first: 1, last: 9, deleted: [3] }] }).slice();
    const head = map.findIndex((byte, at) => byte === 22 && map[at + 1] === 2 && map[at + 2] === 1);
    map.set([0xff, 0xff, 0xff, 0xff], head + 2);
    refuses(map, /a map of deletes with 4294967295 nodes/);
    const subject = Uint8Array.from([
      11,
      4,
      0,
      0,
      0,
      0,
      0,
      0,
      1,
      0x80,
      0x80,
      0x80,
      0x80,
      0x80,
      0x40,
      ...new Array(60).fill(0),
    ]);
    refuses(subject, /a subject of [0-9]+ bytes/);
    const blocks = Uint8Array.from([
      11,
      4,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0xff,
      0xff,
      0xff,
      0xff,
      0xff,
      0x0f,
      ...new Array(60).fill(0),
    ]);
    refuses(blocks, /an index of [0-9]{12} blocks/);
  });

  it("V1-32 is a block that begins before the one in front of it ends", () => {
    const blocks = [
      { number: 1, first: 1, last: 10 },
      { number: 2, first: 10, last: 20 },
    ];
    refuses(indexDb("S", { blocks }), /block 2 begins before/);
  });
});
