import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { feedParser } from "../../testing/feed-parser.ts";
import { ByteWriter } from "../byte-writer.ts";
import { encodeDeletedMap } from "./encode-deleted-map.ts";
import { type BlockToIndex, encodeIndexDb, type IndexedSubject } from "./encode-index-db.ts";
import { HighwayHash } from "./highway-hash.ts";
import { streamKey } from "./highway-keys.ts";
import { type IndexDb, parseIndexDb } from "./index-db.ts";

function parse(index: Uint8Array): IndexDb {
  const hash = new HighwayHash(streamKey("S"));
  hash.update(index);
  const file = new ByteWriter().bytes(index).u64(hash.digest()).finish();
  return feedParser(file, (window) => parseIndexDb(window, "msgs/index.db", file.length, streamKey("S")));
}

/** Blocks with live and missing sequences in runs, one behind another. */
const blocks = fc
  .array(
    fc.record({
      skip: fc.integer({ min: 0, max: 3_000_000_000 }),
      runs: fc.array(fc.tuple(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 900 })), { maxLength: 30 }),
      tail: fc.integer({ min: 1, max: 5000 }),
      ages: fc.tuple(fc.bigInt({ min: -(2n ** 40n), max: 2n ** 60n }), fc.bigInt({ min: 0n, max: 2n ** 40n })),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((drafts) => {
    let sequence = 0;
    return drafts.map(({ skip, runs, tail, ages }, index): BlockToIndex => {
      const first = sequence + skip + 1;
      const deleted: [number, number][] = [];
      let next = first;
      for (const [live, dead] of runs) {
        next += live;
        deleted.push([next, next + dead - 1]);
        next += dead;
      }
      sequence = next + tail - 1;
      const [firstTime, lasts] = ages;
      return { number: index + 1, bytes: 99, first, firstTime, last: sequence, lastTime: firstTime + lasts, deleted };
    });
  });

describe("encoding index.db", () => {
  it("V1-76 is read back as it was, whatever is missing in its blocks", () => {
    fc.assert(
      fc.property(blocks, fc.uniqueArray(fc.string({ minLength: 1 })), (given, names) => {
        const subjects = names.map((name, index): IndexedSubject => {
          return {
            subject: new TextEncoder().encode(name),
            messages: index + 1,
            firstBlock: 1,
            lastBlock: given.length,
          };
        });
        const live = given.map(({ first, last, deleted }) => {
          return last - first + 1 - deleted.reduce((sum, [from, to]) => sum + to - from + 1, 0);
        });
        const messages = live.reduce((sum, count) => sum + count, 0);
        const lastChecksum = 0xfedcba9876543210n;
        const index = parse(
          encodeIndexDb({ messages, blocks: given, subjectCount: names.length, subjects, lastChecksum }),
        );
        assert.equal(index.version, 1);
        assert.equal(index.messages, messages);
        assert.equal(index.bytes, 99 * given.length);
        assert.equal(index.subjects, names.length);
        assert.equal(index.lastBlock, given.length);
        assert.equal(index.lastChecksum, lastChecksum);
        const bounds = given.map(({ number, first, last, firstTime, lastTime }, at) => {
          return { number, first, last, firstTime, lastTime, messages: live[at] };
        });
        assert.deepEqual(index.blocks, bounds);
        for (const { first, deleted } of given) {
          assert.ok(index.live.has(first));
          for (const [from, to] of deleted) assert.ok(!index.live.has(from) && !index.live.has(to));
          for (const [from, to] of deleted) assert.ok(index.live.has(from - 1) && index.live.has(to + 1));
        }
      }),
    );
  });

  it("V1-76 writes the nodes of a map so that a tree of readers who do not balance it is no deeper than need be", () => {
    const writer = new ByteWriter();
    const count = 1000;
    encodeDeletedMap(writer, [[1, 2048 * count - 1]], 2048 * count - 1);
    const view = new DataView(writer.finish().slice().buffer);
    assert.equal(view.getUint32(2, true), count);
    // As nats-server's decoder inserts them: by base, without balancing.
    interface Node {
      readonly base: bigint;
      readonly height: number;
      children: (Node | undefined)[];
    }
    let root: Node | undefined;
    const heightOf = (node: Node | undefined): number =>
      node ? 1 + Math.max(heightOf(node.children[0]), heightOf(node.children[1])) : 0;
    const all: Node[] = [];
    for (let index = 0; index < count; index++) {
      const at = 10 + index * (8 + 8 * 32 + 2);
      const node: Node = {
        base: view.getBigUint64(at, true),
        height: view.getUint16(at + 8 + 8 * 32, true),
        children: [undefined, undefined],
      };
      all.push(node);
      root ??= node;
      for (let parent = root; parent !== node; ) {
        const side = node.base < parent.base ? 0 : 1;
        parent.children[side] ??= node;
        parent = parent.children[side] as Node;
      }
    }
    assert.equal(heightOf(root), 10);
    for (const node of all) assert.equal(node.height, heightOf(node));
  });
});
