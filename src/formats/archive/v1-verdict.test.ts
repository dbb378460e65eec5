import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRelightError } from "../../errors.ts";
import type { TestRecord } from "../../testing/filestore-records.ts";
import { archiveFixture } from "../../testing/fixtures.ts";
import { metaEntries, packS2, type TestEntry, tarOf, unpackS2, untar } from "../../testing/test-archive.ts";
import { blk, codes, erased, idx, index, inspect, lastChecksum, live, range, tomb } from "../../testing/v1-entries.ts";
import { ArchiveInspector, type ArchiveReport } from "./archive-inspector.ts";

const meta = metaEntries("S");

describe("what a v1 archive lacks", () => {
  /** The fixture with several blocks, some of its files left out or put elsewhere. */
  async function edited(edit: (entries: TestEntry[]) => TestEntry[]): Promise<ArchiveReport> {
    const { archive } = archiveFixture("2.14.6", "BLOCKS");
    const entries = await untar(unpackS2(archive));
    const inspector = new ArchiveInspector();
    inspector.push(packS2(tarOf(edit(entries))));
    return inspector.end();
  }
  const without =
    (name: string) =>
    (entries: TestEntry[]): TestEntry[] =>
      entries.filter((entry) => entry.name !== name);

  it("is nothing when another tool packs the same files again", async () => {
    const report = await edited((entries) => entries);
    assert.deepEqual([live(report), codes(report)], [[...archiveFixture("2.14.6", "BLOCKS").facts.live], []]);
  });

  it("V1-33 is a block that the server skipped: index.db, written last, gives it away", async () => {
    const numbers = (await blockNumbers("2.14.6", "BLOCKS")).slice(0, -1);
    assert.ok(numbers.length >= 3);
    for (const number of numbers) {
      const report = await edited(without(`msgs/${number}.blk`));
      const [problem] = report.problems;
      assert.deepEqual(codes(report), ["missing-block fatal"]);
      assert.equal(problem?.entry, `msgs/${number}.blk`);
      const lost = archiveFixture("2.14.6", "BLOCKS").facts.state.messages - report.live.messages;
      assert.ok(lost > 0 && problem?.count === lost, `${lost}`);
    }
  });

  it("V1-33 is nothing when a block without live messages is missing", () => {
    const last = blk(3, [11]);
    const blocks = [
      { number: 1, first: 1, last: 5 },
      { number: 2, first: 6, last: 10, deleted: range(6, 10) },
      { number: 3, first: 11, last: 11 },
    ];
    const report = inspect([...meta, blk(1, range(1, 5)), last, index({ blocks, lastChecksum: lastChecksum(last) })]);
    assert.deepEqual(codes(report), []);
  });

  it("V1-33 shows as a block that is there twice, when the server lost its place", () => {
    const last = blk(4, range(31, 40));
    const blocks = [2, 3, 4].map((number) => ({ number, first: number * 10 - 9, last: number * 10 }));
    const report = inspect([
      ...meta,
      blk(1, range(1, 10)),
      blk(3, range(21, 30)),
      last,
      last,
      index({ blocks, lastChecksum: lastChecksum(last) }),
    ]);
    assert.deepEqual(codes(report), ["repeated-block note", "missing-block fatal"]);
    assert.deepEqual(live(report), [[21, 40]]);
    assert.deepEqual(report.problems[1], {
      code: "missing-block",
      severity: "fatal",
      entry: "msgs/2.blk",
      message: "10 live messages of block 2 (sequences 11 to 20) are missing: the server skipped that block",
      first: 11,
      last: 20,
      count: 10,
    });
  });

  it("V1-34 V1-35 is nothing that came after the snapshot had passed", () => {
    const blocks = [
      { number: 1, first: 1, last: 14 },
      { number: 2, first: 15, last: 20 },
    ];
    const report = inspect([...meta, blk(1, range(1, 12)), index({ blocks, lastChecksum: 5n })]);
    assert.deepEqual(codes(report), ["newer-than-copy note", "index-outdated note"]);
    assert.deepEqual([live(report), report.lastSequence], [[[1, 12]], 12]);
    assert.deepEqual([report.problems[0]?.first, report.problems[0]?.last, report.problems[0]?.count], [13, 20, 8]);
  });

  it("V1-36 is a message that index.db calls live, from a block that is there", () => {
    const last = blk(1, [1, 2, 5, 6]);
    const report = inspect([
      ...meta,
      last,
      index({ blocks: [{ number: 1, first: 1, last: 6 }], lastChecksum: lastChecksum(last) }),
    ]);
    assert.deepEqual(codes(report), ["missing-messages fatal"]);
    assert.deepEqual([report.problems[0]?.first, report.problems[0]?.last, report.problems[0]?.count], [3, 4, 2]);
  });

  it("V1-36 is only noted where index.db came first, since messages may go while blocks are copied", () => {
    const blocks = [
      { number: 1, first: 1, last: 10 },
      { number: 2, first: 11, last: 20 },
      { number: 3, first: 21, last: 30 },
    ];
    const all = index({ blocks });
    const evicted = inspect([
      ...meta,
      all,
      blk(2, range(14, 20)),
      blk(3, [21, erased(22), 23, ...range(25, 30), tomb(24)]),
    ]);
    assert.deepEqual(codes(evicted), ["evicted-block note", "missing-messages note", "index-outdated note"]);
    const skipped = inspect([...meta, all, blk(1, range(1, 10)), blk(3, range(21, 30))]);
    assert.deepEqual(codes(skipped), ["missing-block fatal", "index-outdated note"]);
  });

  it("V1-42 is a block whose N.idx is there, or messages that N.idx counts", () => {
    const first = blk(1, range(1, 5));
    const facts = { first: 1, last: 5, deleted: [], bytes: 160, checksum: lastChecksum(first) };
    const next = idx(2, { first: 6, last: 9, deleted: [], bytes: 128, checksum: 9n });
    assert.deepEqual(codes(inspect([...meta, idx(1, facts), first])), []);
    assert.deepEqual(codes(inspect([...meta, idx(1, facts), first, next])), ["missing-block fatal"]);
    assert.deepEqual(codes(inspect([...meta, idx(1, facts), blk(1, [1, 2, 4, 5])])), ["missing-messages fatal"]);
  });

  it("V1-42 shows in indexes of blocks that contradict each other", () => {
    const first = idx(1, { first: 1, last: 5, deleted: [], bytes: 160, checksum: 1n });
    const again = idx(2, { first: 5, last: 9, deleted: [], bytes: 160, checksum: 1n });
    assert.throws(() => inspect([...meta, first, blk(1, range(1, 5)), again]), /msgs\/2\.idx contradicts/);
  });

  it("V1-06 is meta.sum, without which a server loses the stream at its next start", () => {
    const report = inspect([meta[0] as TestEntry, blk(1, [1])]);
    assert.deepEqual(codes(report), ["missing-checksum fatal"]);
  });

  it("V1-52 is a part of a consumer", async () => {
    const { archive } = archiveFixture("2.12.8", "CONSUMED");
    const entries = await untar(unpackS2(archive));
    const left = (name: string): ArchiveReport => {
      const inspector = new ArchiveInspector();
      inspector.push(packS2(tarOf(without(name)(entries))));
      return inspector.end();
    };
    assert.deepEqual(codes(left("obs/again/meta.sum")), ["consumer-incomplete fatal"]);
    const state = left("obs/again/o.dat");
    assert.deepEqual(codes(state), ["consumer-state note"]);
    assert.equal(state.consumers.find(({ name }) => name === "again")?.state, undefined);
    assert.throws(
      () => left("obs/again/meta.inf"),
      (error) => isRelightError(error, "ARCHIVE_DAMAGED"),
    );
  });
});

describe("what a v1 archive must not be", () => {
  const refuses = (entries: readonly TestEntry[], message: RegExp): void => {
    assert.throws(
      () => inspect(entries),
      (error) => isRelightError(error, "ARCHIVE_DAMAGED") && message.test(error.message),
    );
  };
  const text = (name: string, content: string): TestEntry => ({ name, content: new TextEncoder().encode(content) });

  it("V1-07 one that the server gave up on: errors.txt is the only trace of that on old servers", () => {
    assert.throws(
      () => inspect([...meta, blk(1, [1, 2]), text("errors.txt", "could not read message block [3]: EOF\n")]),
      (error) =>
        isRelightError(error, "SNAPSHOT_INCOMPLETE") &&
        error.message === "the server gave up in the middle of the snapshot: could not read message block [3]: EOF" &&
        error.context.text === "could not read message block [3]: EOF",
    );
  });

  it("V1-05 one that does not begin with meta.inf, has none, or two", () => {
    refuses([blk(1, [1]), ...meta], /msgs\/1\.blk: the archive does not begin with meta\.inf/);
    refuses([], /there is no meta\.inf/);
    refuses([...meta, ...meta], /there are two of it/);
    refuses([text("meta.inf", "{}")], /no description of a stream/);
  });

  it("V1-06 one with a wrong meta.sum", () => {
    refuses(
      [meta[0] as TestEntry, text("meta.sum", "0123456789abcdef")],
      /meta\.sum: the checksum of meta\.inf is wrong/,
    );
    refuses([meta[0] as TestEntry, text("meta.sum", "0123456789ABCDEF")], /this is no checksum/);
  });

  it("V1-11 one whose blocks were renamed or renumbered", () => {
    const block = blk(1, [1, 2, 3]);
    refuses(
      [...meta, { ...block, name: "msgs/2.blk" }],
      /msgs\/2\.blk: the record at 0 of the block has a wrong checksum/,
    );
    refuses([...metaEntries("T"), block], /wrong checksum/);
  });

  it("V1-10 one with a record that is cut, too long, or of an impossible length", () => {
    const { name, content } = blk(1, [1, 2, 3]);
    refuses([...meta, { name, content: content.subarray(0, content.length - 1) }], /is cut off by the block's end/);
    refuses([...meta, { name, content: content.subarray(0, content.length - 20) }], /is cut off by the block's end/);
    for (const length of [0, 29, 0x7fffffff]) {
      const copy = content.slice();
      new DataView(copy.buffer).setUint32(0, length, true);
      refuses([...meta, { name, content: copy }], /impossible length or sequence|cut off by the block's end/);
    }
  });

  it("V1-12 one with a message whose headers are divided from its payload at another place", () => {
    const headers = "NATS/1.0\r\nA: b\r\n\r\n";
    const message: TestRecord = { sequence: 1, subject: "a", headers, payload: "a payload" };
    assert.deepEqual(codes(inspect([...meta, blk(1, [message])])), []);
    for (const change of [-1, -4, 1, 2, 8]) {
      const { name, content } = blk(1, [message]);
      new DataView(content.buffer).setUint32(22 + 1, headers.length + change, true);
      refuses([...meta, { name, content }], /the length of a message's headers is wrong/);
    }
  });

  it("V1-12 headers that are none are the client's own affair", () => {
    const report = inspect([...meta, blk(1, [{ sequence: 1, subject: "a", headers: "whatever", payload: "x" }])]);
    assert.deepEqual(codes(report), ["malformed-headers note"]);
  });

  it("V1-02 one with anything but files", () => {
    const tar = tarOf([...meta, text("dir", "")]);
    const at = tar.length - 1024 - 512;
    tar[at + 156] = 53;
    // Its checksum is 5 higher by that, which has its last digit at 153.
    const sum = Number.parseInt(new TextDecoder().decode(tar.subarray(at + 148, at + 154)), 8) + 5;
    tar.set(new TextEncoder().encode(sum.toString(8).padStart(6, "0")), at + 148);
    const inspector = new ArchiveInspector();
    assert.throws(() => inspector.push(packS2(tar)), /dir: an entry of the type "5" is no file/);
  });

  it("V1-08 but it may have entries that are not known, which are named", () => {
    const report = inspect([...meta, text("msgs/thw.db", "x"), blk(1, [1])]);
    assert.deepEqual(codes(report), ["unknown-entry note"]);
    assert.equal(report.problems[0]?.entry, "msgs/thw.db");
    assert.equal(report.live.messages, 1);
  });
});

describe("sizes in a v1 archive", () => {
  it("V1-13 a block of 36 MB, and a message of 10 MB in it", () => {
    const message = { subject: "big", payload: new Uint8Array(10_000_000).fill(7) };
    const block = blk(1, [{ ...message, sequence: 1 }, 2, { ...message, sequence: 3 }, { ...message, sequence: 4 }, 5]);
    const report = inspect([...meta, block]);
    assert.deepEqual(live(report), [[1, 5]]);
    assert.equal(report.live.bytes, block.content.length);
  });

  it("V1-09 descriptions have limits, which are judged by their headers", () => {
    const huge = { name: "obs/c/o.dat", content: new Uint8Array(17 * 1024 * 1024) };
    assert.throws(() => inspect([...meta, huge]), /obs\/c\/o\.dat: 17825792 bytes are too many here/);
  });

  it("V1-28 gives the times of first and last live message, also far inside dead ones", () => {
    const records: TestRecord[] = range(1, 30_000).map((sequence) => ({ sequence, time: BigInt(sequence) * 1000n }));
    const dead = range(20_001, 30_000).map(tomb);
    const report = inspect([...meta, blk(1, records), blk(2, [...range(1, 5_000).map(tomb), ...dead])]);
    assert.deepEqual(live(report), [[5_001, 20_000]]);
    // Neither is among the kept ones, so each is off to its safe side, by less than the distance of the marks.
    const { firstTime = 0n, lastTime = 0n } = report.live;
    assert.ok(firstTime <= 5_001_000n && firstTime > 3_900_000n, `${firstTime}`);
    assert.ok(lastTime >= 20_000_000n && lastTime < 21_100_000n, `${lastTime}`);
  });
});

async function blockNumbers(version: string, stream: string): Promise<number[]> {
  const entries = await untar(unpackS2(archiveFixture(version, stream).archive));
  return entries.flatMap(({ name }) => /^msgs\/([0-9]+)\.blk$/.exec(name)?.[1] ?? []).map(Number);
}
