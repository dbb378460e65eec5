import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRelightError } from "../../errors.ts";
import { V1Content, V2Content } from "../../testing/archive-content.ts";
import { feedParser } from "../../testing/feed-parser.ts";
import { archiveFixture } from "../../testing/fixtures.ts";
import { recordOffsets, type TarLayout, tarLayout } from "../../testing/tar-layout.ts";
import { join, packS2, unpackS2 } from "../../testing/test-archive.ts";
import { ArchiveInspector, type ArchiveReport } from "./archive-inspector.ts";
import type { EntryBatch } from "./archive-sink.ts";
import { judgeV1 } from "./judge-v1.ts";
import { judgeV2 } from "./judge-v2.ts";
import { WalkContext } from "./walk-context.ts";
import { walkV1 } from "./walk-v1.ts";
import { walkV2 } from "./walk-v2.ts";

function inspect(archive: Uint8Array): ArchiveReport {
  const inspector = new ArchiveInspector();
  inspector.push(archive);
  return inspector.end();
}

function assertDamaged(archive: Uint8Array, what: string): void {
  assert.throws(
    () => inspect(archive),
    (error) => isRelightError(error, "ARCHIVE_DAMAGED") && typeof error.context.encodedOffset === "number",
    what,
  );
}

/** What is in a decoded archive, message by message; throws as the inspector does. */
function contentV1(decoded: Uint8Array): unknown {
  const sink = new V1Content({});
  feedParser(decoded, (window) => walkV1(new WalkContext(window), sink));
  return { ...judgeV1(sink), digest: sink.digest() };
}

function contentV2(decoded: Uint8Array): unknown {
  const sink = new V2Content({});
  feedParser(decoded, (window) => walkV2(new WalkContext(window), sink));
  return { ...judgeV2(sink), digest: sink.digest() };
}

/** True in a longer run of this file, which leaves nothing out: some 30 seconds. */
const isExhaustive = process.env.RELIGHT_EXHAUSTIVE === "1";

/**
 * Flips every byte in one bit, the next byte in the next one, and calls `visit` where what is read is another content and no
 * damage. Of the zeros, most of them padding, every 16th; of the others, every `stride`th.
 */
function flipEveryByte(
  decoded: Uint8Array,
  content: (bytes: Uint8Array) => unknown,
  visit: (at: number) => void,
  stride = 1,
): void {
  const whole = content(decoded);
  const copy = decoded.slice();
  for (let at = 0; at < decoded.length; at++) {
    const byte = decoded[at] as number;
    if (!isExhaustive && at % (byte === 0 ? 16 : stride) !== 0) continue;
    copy[at] = byte ^ (1 << (at % 8));
    try {
      assert.deepEqual(content(copy), whole);
    } catch (error) {
      const isCaught = isRelightError(error, "ARCHIVE_DAMAGED") || /the bytes ended/.test(String(error));
      if (!isCaught) {
        if (!(error instanceof assert.AssertionError)) throw error;
        visit(at);
      }
    }
    copy[at] = byte;
  }
}

/** Where a v1 archive has bytes that no checksum covers and that say something. docs/formats/v1.md lists them. */
function isUncovered(decoded: Uint8Array, layout: readonly TarLayout[], at: number): boolean {
  const entry = layout.find(({ content, size }) => at >= content && at < content + size);
  if (entry === undefined) return false;
  if (/^msgs\/[0-9]+\.idx$|^obs\/[^/]+\/o\.dat$/.test(entry.name)) return true;
  if (!/^msgs\/[0-9]+\.blk$/.test(entry.name)) return false;
  const block = decoded.subarray(entry.content, entry.content + entry.size);
  const record = recordOffsets(block).findLast((offset) => offset <= at - entry.content) ?? 0;
  const hasHeaders = ((block[record + 3] as number) & 0x80) !== 0;
  const inRecord = at - entry.content - record;
  return !hasHeaders && (inRecord === 20 || inRecord === 21);
}

describe("damage inside a v1 archive whose S2 checksums are right (F66)", () => {
  for (const [version, stream, stride] of [
    ["2.14.6", "HEAD", 1],
    ["2.10.26", "WORK", 5],
    ["2.9.25", "HEAD", 3],
  ] as const) {
    it(`V1-60 is caught in every byte that a checksum covers: ${version} ${stream}`, () => {
      const decoded = unpackS2(archiveFixture(version, stream).archive);
      const layout = tarLayout(decoded);
      const uncovered: number[] = [];
      flipEveryByte(decoded, contentV1, (at) => uncovered.push(at), stride);
      const unexpected = uncovered.filter((at) => !isUncovered(decoded, layout, at));
      assert.deepEqual(unexpected, [], "these bytes changed what is read, and nothing noticed");
      // The exceptions are real: a list that excuses nothing would be wrong.
      assert.ok(uncovered.length > 0);
    });
  }

  it("V1-61 is named by entry and offset, decoded and encoded", () => {
    const decoded = unpackS2(archiveFixture("2.14.6", "MIXED").archive);
    const block = tarLayout(decoded).find(({ name }) => name === "msgs/1.blk") as TarLayout;
    const third = recordOffsets(decoded.subarray(block.content, block.content + block.size))[2] as number;
    decoded[block.content + third + 40] = (decoded[block.content + third + 40] as number) ^ 4;
    assert.throws(
      () => inspect(packS2(decoded)),
      (error) => {
        assert.ok(isRelightError(error, "ARCHIVE_DAMAGED"));
        assert.equal(error.context.entry, "msgs/1.blk");
        assert.equal(error.context.offset, block.content + third);
        assert.ok((error.context.encodedOffset as number) > 0);
        assert.match(error.message, /^msgs\/1\.blk: the record at [0-9]+ of the block has a wrong checksum, at offset/);
        return true;
      },
    );
  });

  it("V1-06 V1-30 V1-50 is caught through the whole inspector as well", () => {
    const decoded = unpackS2(archiveFixture("2.12.8", "CONSUMED").archive);
    const layout = tarLayout(decoded);
    for (const name of [
      "meta.inf",
      "meta.sum",
      "msgs/1.blk",
      "msgs/index.db",
      "obs/islands/meta.inf",
      "obs/again/meta.sum",
    ]) {
      const { content, size } = layout.find((entry) => entry.name === name) as TarLayout;
      const copy = decoded.slice();
      copy[content + (size >> 1)] = (copy[content + (size >> 1)] as number) ^ 1;
      assert.throws(
        () => inspect(packS2(copy)),
        (error) =>
          isRelightError(error, "ARCHIVE_DAMAGED") &&
          String(error.context.entry).startsWith(name.replace(/[^/]*$/, "")),
        name,
      );
    }
  });

  it("V1-61 stays damage: every later call throws the same error", () => {
    const inspector = new ArchiveInspector();
    const damaged = archiveFixture("2.14.6", "MIXED").archive.slice();
    damaged[500] = (damaged[500] as number) ^ 1;
    let first: unknown;
    try {
      inspector.push(damaged);
    } catch (error) {
      first = error;
    }
    assert.ok(isRelightError(first, "ARCHIVE_DAMAGED"));
    assert.throws(
      () => inspector.push(damaged),
      (error) => error === first,
    );
    assert.throws(
      () => inspector.end(),
      (error) => error === first,
    );
  });
});

describe("damage inside a v2 archive", () => {
  it("V2-60 is caught by the S2 checksum in every byte of the compressed archive", () => {
    const { archive } = archiveFixture("2.15.1", "TTL");
    const whole = inspect(archive);
    const copy = archive.slice();
    for (let at = 0; at < archive.length; at++) {
      const byte = archive[at] as number;
      copy[at] = byte ^ (1 << (at % 8));
      try {
        assert.deepEqual(inspect(copy), whole);
        assert.fail(`byte ${at} changed nothing`);
      } catch (error) {
        assert.ok(isRelightError(error, "ARCHIVE_DAMAGED"), `byte ${at}: ${error}`);
      }
      copy[at] = byte;
    }
  });

  it("V2-61 in the form of its entries is caught, even where the S2 checksums are right", () => {
    const decoded = unpackS2(archiveFixture("2.15.1", "MIXED").archive);
    let changed = 0;
    flipEveryByte(
      decoded.subarray(8),
      (bytes) => contentV2(withMagic(bytes)),
      () => changed++,
      4,
    );
    // The format has no checksums of its own: what is changed inside a message stays unseen, and so does little else.
    assert.ok(changed > 0);
  });
});

/** Offsets behind every message of a decoded v2 archive. */
function messageEnds(decoded: Uint8Array): number[] {
  const ends: number[] = [];
  class Ends extends V2Content {
    override messages(batch: EntryBatch): void {
      const { nameLength, headerLength, payloadLength, offset } = batch.rows;
      for (let row = 0; row < batch.count; row++) {
        const size = (nameLength[row] as number) + (headerLength[row] as number) + (payloadLength[row] as number);
        ends.push(batch.offset + (offset[row] as number) - batch.start + size);
      }
    }
  }
  feedParser(decoded, (window) => walkV2(new WalkContext(window), new Ends({})));
  return ends;
}

function withMagic(bytes: Uint8Array): Uint8Array {
  const archive = new Uint8Array(8 + bytes.length);
  archive.set(new TextEncoder().encode("NATSARC1"));
  archive.set(bytes, 8);
  return archive;
}

describe("a truncated archive (F03)", () => {
  for (const [version, stream] of [
    ["2.14.6", "PURGED_MORE"],
    ["2.9.25", "EMPTY"],
    ["2.15.1", "TTL"],
  ] as const) {
    it(`V1-62 V2-62 is caught wherever its compressed bytes end: ${version} ${stream}`, () => {
      const { archive } = archiveFixture(version, stream);
      for (let length = 0; length < archive.length; length++)
        assertDamaged(archive.subarray(0, length), `at ${length}`);
      inspect(archive);
    });
  }

  it("V1-62 is caught when a tar ends cleanly at the border of an entry, or anywhere else, in a whole S2 stream", () => {
    const decoded = unpackS2(archiveFixture("2.14.6", "CONSUMED").archive);
    const borders = tarLayout(decoded).flatMap(({ offset, content, end }) => [offset, content, end]);
    const ends = decoded.length - 1024;
    for (const length of [...borders, ends + 1, ends + 511, ends + 512, ends + 1023]) {
      assertDamaged(packS2(decoded.subarray(0, length)), `at ${length}`);
    }
  });

  it("V2-62 is caught when it ends behind any message, or anywhere else, in a whole S2 stream", () => {
    const decoded = unpackS2(archiveFixture("2.15.1", "WORK").archive);
    const ends = messageEnds(decoded);
    assert.equal(ends.length, 26);
    for (const length of ends) assertDamaged(packS2(decoded.subarray(0, length)), `at ${length}`);
    for (let length = 0; length < decoded.length; length++) {
      assert.throws(() => contentV2(decoded.subarray(0, length)), /the bytes ended/, `at ${length}`);
    }
  });

  it("says where, and in which entry", () => {
    const { archive } = archiveFixture("2.14.6", "MIXED");
    assert.throws(() => inspect(archive.subarray(0, archive.length - 10)), /cut off in the middle of a block/);
    const decoded = unpackS2(archive);
    const block = tarLayout(decoded).find(({ name }) => name === "msgs/1.blk") as TarLayout;
    assert.throws(
      () => inspect(packS2(decoded.subarray(0, block.content + 100))),
      /^RelightError: msgs\/1\.blk: the archive is cut off here, at offset 6/,
    );
  });
});

describe("bytes behind the end of an archive", () => {
  const append = (decoded: Uint8Array, tail: Uint8Array): Uint8Array => {
    const longer = new Uint8Array(decoded.length + tail.length);
    longer.set(decoded);
    longer.set(tail, decoded.length);
    return packS2(longer);
  };

  it("V1-01 V2-01 are damage", () => {
    for (const version of ["2.9.25", "2.14.6", "2.15.1"]) {
      const decoded = unpackS2(archiveFixture(version, "MIXED").archive);
      assertDamaged(append(decoded, Uint8Array.of(1)), version);
      assertDamaged(append(decoded, new Uint8Array(20_000)), version);
      assertDamaged(append(decoded, decoded), version);
    }
    assertDamaged(append(unpackS2(archiveFixture("2.15.1", "MIXED").archive), new Uint8Array(1)), "a zero byte");
  });

  it("V1-01 are a note when they are what fills up a tar's record", () => {
    const decoded = unpackS2(archiveFixture("2.14.6", "MIXED").archive);
    const report = inspect(append(decoded, new Uint8Array(9 * 1024)));
    assert.deepEqual(
      report.problems.map(({ code, severity, count }) => [code, severity, count]),
      [["trailing-zeros", "note", 9216]],
    );
  });

  it("are damage when they are no S2 chunk", () => {
    const { archive } = archiveFixture("2.14.6", "MIXED");
    const longer = new Uint8Array(archive.length + 8).fill(3);
    longer.set(archive);
    assertDamaged(longer, "S2");
  });
});

describe("skippable chunks of the compressed data", () => {
  const withChunk = (archive: Uint8Array): Uint8Array => {
    const longer = new Uint8Array(archive.length + 6);
    longer.set(archive);
    longer.set([0x99, 2, 0, 0, 1, 1], archive.length);
    return longer;
  };

  it("are said, since a block of data may have become one", () => {
    for (const version of ["2.14.6", "2.15.1"]) {
      const report = inspect(withChunk(archiveFixture(version, "MIXED").archive));
      assert.deepEqual(
        report.problems.map(({ code, severity }) => [code, severity]),
        [["skipped-chunks", "note"]],
      );
    }
  });

  it("V2-63 are fatal in v2 when messages are missing: nothing else would show it", () => {
    const decoded = unpackS2(archiveFixture("2.15.1", "FIRST").archive);
    const ends = messageEnds(decoded);
    const [from, to] = [ends[3] as number, ends[4] as number];
    const parts = [decoded.subarray(0, from), decoded.subarray(from, to), decoded.subarray(to)];
    const [before, one, after] = parts.map((part) => packS2(part, { compress: false })) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    inspect(join([before, one, after]));
    // Behind the stream identifier of ten bytes stands the type of the chunk.
    one[10] = 0x81;
    const report = inspect(join([before, one, after]));
    assert.deepEqual(
      report.problems.map(({ code, severity }) => [code, severity]),
      [
        ["counts-differ", "note"],
        ["skipped-chunks", "fatal"],
      ],
    );
  });
});
