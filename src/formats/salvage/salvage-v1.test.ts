import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { v1Regions } from "../../testing/damaged-copy.ts";
import { RandomBytes } from "../../testing/random-bytes.ts";
import { salvageBytes } from "../../testing/salvage-bytes.ts";
import { recordOffsets, tarLayout } from "../../testing/tar-layout.ts";
import { join, metaEntries, packS2, type TestEntry, tarOf, unpackS2 } from "../../testing/test-archive.ts";
import { blk, erased, index, lastChecksum, live, range, tomb } from "../../testing/v1-entries.ts";

const random = new RandomBytes("salvage");
const message = (sequence: number): { sequence: number; subject: string; payload: Uint8Array } => ({
  sequence,
  subject: "a",
  payload: random.next(200 + (sequence % 7) * 100),
});
const first = blk(1, range(1, 100).map(message));
const second = blk(2, range(101, 200).map(message));
const third = blk(3, range(201, 300).map(message));
const indexed = index({
  blocks: [
    { number: 1, first: 1, last: 100 },
    { number: 2, first: 101, last: 200 },
    { number: 3, first: 201, last: 300 },
  ],
  lastChecksum: lastChecksum(third),
});
const entries: TestEntry[] = [...metaEntries("S"), first, second, third, indexed];
const tar = tarOf(entries);
const layout = tarLayout(tar);
const place = (name: string): (typeof layout)[number] => layout.find((file) => file.name === name) as never;
const knowledge = { config: { name: "S" }, firstSequence: 1, lastSequence: 300 };

/** The tar with the bytes at some places inverted. */
function flipped(...places: readonly number[]): Uint8Array {
  const copy = tar.slice();
  for (const at of places) copy[at] = (copy[at] as number) ^ 0x10;
  return copy;
}
const lost = (ranges: Iterable<readonly [number, number]>): readonly (readonly [number, number])[] => [...ranges];

/** The records of all blocks of a tar. */
function records(bytes: Uint8Array): string[] {
  return tarLayout(bytes)
    .filter(({ name }) => name.endsWith(".blk"))
    .flatMap(({ content, size }) => {
      const block = bytes.slice(content, content + size);
      const offsets = [...recordOffsets(block), size];
      return offsets.slice(1).map((end, row) => Buffer.from(block.subarray(offsets[row], end)).toString("base64"));
    });
}

describe("salvage of v1 archives", () => {
  it("SV-01: an undamaged archive comes out as it is, with nothing lost", () => {
    const { salvage, report } = salvageBytes(packS2(tar), knowledge);
    assert.deepEqual([salvage.damages, lost(salvage.lost), salvage.openEnd], [[], [], false]);
    assert.deepEqual(live(report), [[1, 300]]);
    assert.deepEqual(report.problems, []);
  });

  it("SV-02: a record with a wrong checksum is left out, and named; those behind it are read", () => {
    const { content } = place("msgs/2.blk");
    const at = content + (recordOffsets(second.content)[9] as number);
    const { salvage, report } = salvageBytes(packS2(flipped(at + 50)), knowledge);
    assert.deepEqual(live(report), [
      [1, 109],
      [111, 300],
    ]);
    assert.deepEqual(lost(salvage.lost), [[110, 110]]);
    assert.ok(salvage.lostIsExact);
    const [damage] = salvage.damages;
    assert.deepEqual([damage?.entry, damage?.offset, salvage.damages.length], ["msgs/2.blk", at, 1]);
  });

  for (const [what, offset] of [
    ["its length", 0],
    ["the high byte of its length", 2],
    ["its sequence", 11],
    ["its subject's length", 21],
  ] as const) {
    it(`SV-03: the next record is found where ${what} is wrong`, () => {
      const { content } = place("msgs/1.blk");
      const at = content + (recordOffsets(first.content)[41] as number);
      const { salvage, report } = salvageBytes(packS2(flipped(at + offset)), knowledge);
      assert.deepEqual(lost(salvage.lost), [[42, 42]]);
      assert.equal(report.live.messages, 299);
    });
  }

  it("SV-04: several damaged records in several blocks are one hole each", () => {
    const record = (name: string, block: TestEntry, row: number): number =>
      place(name).content + (recordOffsets(block.content)[row] as number) + 60;
    const places = [
      record("msgs/1.blk", first, 0),
      record("msgs/1.blk", first, 1),
      record("msgs/2.blk", second, 50),
      record("msgs/3.blk", third, 99),
    ];
    const { salvage, report } = salvageBytes(packS2(flipped(...places)), knowledge);
    assert.deepEqual(lost(salvage.lost), [
      [1, 2],
      [151, 151],
      [300, 300],
    ]);
    assert.equal(report.live.messages, 296);
    assert.equal(report.lastSequence, 300, "no sequence is given a second time");
  });

  it("SV-05: a tar header that cannot be read loses its entry, and no other", () => {
    const { salvage, report } = salvageBytes(packS2(flipped(place("msgs/2.blk").offset + 130)), knowledge);
    assert.deepEqual(lost(salvage.lost), [[101, 200]]);
    assert.equal(report.live.messages, 200);
  });

  it("SV-06: without its own description, the configuration beside it stands in", () => {
    const damaged = packS2(flipped(place("meta.inf").content + 20));
    const { salvage, report } = salvageBytes(damaged, knowledge);
    assert.deepEqual([report.live.messages, report.stream?.name, lost(salvage.lost)], [300, "S", []]);
    assert.throws(() => salvageBytes(damaged), { code: "ARCHIVE_DAMAGED" });
  });

  it("SV-07: without its index, what is lost is what lies in the holes, and that is said to be a guess", () => {
    const at = place("msgs/2.blk").content + (recordOffsets(second.content)[9] as number) + 50;
    const { salvage, report } = salvageBytes(packS2(flipped(at, place("msgs/index.db").content + 9)), knowledge);
    assert.deepEqual([lost(salvage.lost), salvage.lostIsExact], [[[110, 110]], false]);
    assert.equal(report.index, "none");
    assert.match(salvage.notes.join(), /deleted messages may be back/);
  });

  it("SV-08: what its index calls live and no block holds is lost, also where nothing is damaged", () => {
    const { salvage } = salvageBytes(packS2(tarOf([...metaEntries("S"), first, third, indexed])), knowledge);
    assert.deepEqual([lost(salvage.lost), salvage.lostIsExact], [[[101, 200]], true]);
    assert.deepEqual(
      salvage.damages.map(({ entry, what }) => [entry, what]),
      [["msgs/index.db", "it lists messages that are in no block: the server skipped them while it copied"]],
    );
  });

  it("SV-08: but not what went before the first block was copied, of which an index that came first still tells", () => {
    const left = blk(2, [...range(101, 149).map(message), erased(150), ...range(151, 200).map(message)]);
    const early = tarOf([
      ...metaEntries("S"),
      indexed,
      left,
      third,
      { name: "msgs/4.blk", content: blk(4, [tomb(300)]).content },
    ]);
    const { salvage } = salvageBytes(packS2(early), knowledge);
    assert.deepEqual([lost(salvage.lost), salvage.damages], [[], []]);
    const late = tarOf([...metaEntries("S"), left, third, indexed]);
    assert.deepEqual(lost(salvageBytes(packS2(late), knowledge).salvage.lost), [
      [1, 100],
      [150, 150],
    ]);
  });

  it("SV-08: nor what came too late for the snapshot", () => {
    const archive = packS2(tarOf([...metaEntries("S"), first, second, indexed]));
    const { salvage } = salvageBytes(archive, { ...knowledge, lastSequence: 200 });
    assert.deepEqual([lost(salvage.lost), salvage.damages], [[], []]);
    // But what was there when it began.
    const { salvage: late } = salvageBytes(archive, { ...knowledge, lastSequence: 300 });
    assert.deepEqual(lost(late.lost), [[201, 300]]);
    assert.equal(late.damages.length, 1);
  });

  it("SV-10: a bit that flipped in the file costs the message that it is in, wherever that is", () => {
    for (const compress of [false, true]) {
      const blockSize = 16 * 1024;
      const archive = packS2(tar, { compress, blockSize });
      let worst = 0;
      for (let at = 10; at < archive.length; at += 997) {
        const copy = archive.slice();
        copy[at] = (copy[at] as number) ^ 0x10;
        const { salvage, report } = salvageBytes(copy, knowledge);
        const gone = 300 - report.live.messages;
        assert.equal(salvage.lost.count, gone, `byte ${at}`);
        assert.ok(salvage.damages.length > 0, `byte ${at}`);
        worst = Math.max(worst, gone);
      }
      // A block of the compression holds 30 of these messages, one of the tar 100.
      assert.ok(worst <= 100, `${worst}`);
    }
  });

  it("SV-11: every length of a compressed block may be wrong", () => {
    const blockSize = 16 * 1024;
    const archive = packS2(tar, { compress: false, blockSize });
    for (let at = 10; at + 4 < archive.length; at += blockSize + 8) {
      for (const byte of [0, 1, 2, 3]) {
        const copy = archive.slice();
        copy[at + byte] = (copy[at + byte] as number) ^ 0x10;
        const { salvage, report } = salvageBytes(copy, knowledge);
        // The last block has no sound one behind it, by which its length could be told.
        if (at + blockSize + 8 < archive.length)
          assert.equal(report.live.messages, 300, `block at ${at}, byte ${byte}`);
        else assert.ok(report.live.messages >= 270);
        assert.ok(salvage.damages.length > 0);
      }
    }
  });

  it("SV-12: bytes that are missing from the middle of the file cost what they were part of", () => {
    const blockSize = 16 * 1024;
    const archive = packS2(tar, { compress: false, blockSize });
    for (const [from, bytes] of [
      [50_000, 100],
      [50_000, 20_000],
      [100_000, 1],
    ] as const) {
      const { salvage, report } = salvageBytes(
        join([archive.subarray(0, from), archive.subarray(from + bytes)]),
        knowledge,
      );
      const gone = 300 - report.live.messages;
      assert.ok(gone > 0 && gone < 150, `${gone} of 300, ${bytes} bytes at ${from}`);
      assert.equal(salvage.lost.count, gone);
    }
  });

  it("SV-09: an archive without an index that ends before the stream did lacks the rest", () => {
    const { salvage, report } = salvageBytes(packS2(tarOf([...metaEntries("S"), first, second])), knowledge);
    assert.deepEqual([lost(salvage.lost), salvage.lostIsExact, salvage.openEnd], [[[201, 300]], false, false]);
    assert.match(salvage.damages[0]?.what ?? "", /ends at sequence 200, and the stream was at 300/);
    assert.deepEqual([live(report), report.lastSequence], [[[1, 200]], 300]);
  });

  it("SV-13: of an archive that is cut off, everything before that is read", () => {
    const archive = packS2(tar, { compress: false, blockSize: 16 * 1024 });
    for (let at = archive.length - 1; at > 2_000; at -= 9_973) {
      const { salvage, report } = salvageBytes(archive.subarray(0, at), knowledge);
      const whole = Math.floor((300 * at) / archive.length);
      assert.ok(report.live.messages >= whole - 5, `${report.live.messages} of ${at} bytes`);
      assert.equal(salvage.lost.count, 300 - report.live.messages);
      assert.ok(salvage.openEnd || salvage.lost.last === 300 || report.live.messages === 300);
      assert.equal(report.lastSequence, 300);
    }
  });

  it("SV-14: nothing that was altered comes out, wherever the damage is", () => {
    const right = new Set(records(tar));
    assert.equal(right.size, 300);
    for (const { what, at } of v1Regions(tar)) {
      const { mended } = salvageBytes(packS2(flipped(at)), knowledge);
      const foreign = records(unpackS2(mended)).filter((record) => !right.has(record));
      assert.ok(foreign.length === 0, `${what} was damaged, and a record came out that was not in the archive`);
    }
  });
});
