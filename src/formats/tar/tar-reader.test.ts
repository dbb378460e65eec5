import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { pack } from "tar-stream";
import { isRelightError } from "../../errors.ts";
import { feedParser } from "../../testing/feed-parser.ts";
import { join, type TestEntry, tarOf, untar } from "../../testing/test-archive.ts";
import { need, type Parsing } from "../parsing.ts";
import type { Window } from "../window.ts";
import { encodePaxRecord } from "./pax-records.ts";
import { headerSum } from "./tar-header.ts";
import { endTarEntry, nextTarEntry, type TarEntry } from "./tar-reader.ts";
import { tarEnd, tarFile, tarFileHeader } from "./tar-writer.ts";

/** All files of a tar, and how many bytes it has up to its end. */
function* readAll(window: Window): Parsing<{ entries: (TestEntry & Pick<TarEntry, "type">)[]; bytes: number }> {
  const entries = [];
  for (;;) {
    const entry = yield* nextTarEntry(window);
    if (entry === undefined) return { entries, bytes: window.consumedBytes };
    yield* need(window, entry.size);
    entries.push({ name: entry.name, type: entry.type, content: window.slice(0, entry.size).slice() });
    window.consume(entry.size);
    yield* endTarEntry(window, entry);
  }
}

const files = (tar: Uint8Array, piece?: number): TestEntry[] =>
  feedParser(tar, readAll, piece).entries.map(({ name, content }) => ({ name, content }));

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A header whose bytes were changed, with its checksum made right again. */
function changed(header: Uint8Array, at: number, bytes: Uint8Array): Uint8Array {
  const copy = header.slice();
  copy.set(bytes, at);
  copy.set(bytesOf(headerSum(copy).toString(8).padStart(6, "0")), 148);
  return copy;
}

function refuses(tar: Uint8Array, message: RegExp): void {
  assert.throws(
    () => feedParser(tar, readAll),
    (error) => isRelightError(error, "ARCHIVE_DAMAGED") && message.test(error.message) && "offset" in error.context,
  );
}

const samples: readonly TestEntry[] = [
  { name: "meta.inf", content: bytesOf("{}") },
  { name: "msgs/1.blk", content: new Uint8Array(1500).fill(7) },
  { name: "msgs/2.blk", content: new Uint8Array(0) },
  { name: "msgs/3.blk", content: new Uint8Array(512).fill(9) },
  { name: `obs/${"long-".repeat(40)}/o.dat`, content: bytesOf("x") },
  { name: "obs/日本語/o.dat", content: bytesOf("y") },
];

describe("reading a tar", () => {
  it("V1-03 gives the files that tar-stream packed, in pieces of any size", async () => {
    const packer = pack();
    for (const { name, content } of samples) {
      packer.entry({ name, mode: 0o600, uname: "nats", mtime: new Date(1_700_000_000_000) }, Buffer.from(content));
    }
    packer.finalize();
    const pieces: Uint8Array[] = [];
    for await (const piece of packer) pieces.push(piece as Uint8Array);
    const tar = join(pieces);
    for (const piece of [1, 100, 512, 513, tar.length]) assert.deepEqual(files(tar, piece), samples);
  });

  it("gives any files back that the writer wrote, as tar-stream does", async () => {
    const name = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 150 })
      .filter((text) => !/^\/|^\.\/|\/$|\0|^\s|\s$/.test(text) && text.isWellFormed());
    const entry = fc.tuple(name, fc.uint8Array({ maxLength: 1200 })).map(([name, content]) => ({ name, content }));
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 5 }), fc.integer({ min: 1, max: 2000 }), async (entries, piece) => {
        const tar = tarOf(entries);
        assert.deepEqual(files(tar, piece), entries);
        assert.deepEqual(await untar(tar), entries);
      }),
      { numRuns: 150 },
    );
  });

  it("V1-01 ends right behind two zero blocks", () => {
    const tar = tarOf(samples);
    assert.equal(feedParser(join([tar, new Uint8Array(700)]), readAll).bytes, tar.length);
  });

  it("V1-03 takes a size from an extended header, above what octal digits hold", () => {
    const header = tarFileHeader({ name: "big", size: 9_000_000_000 });
    const entry = feedParser(header, nextTarEntry);
    assert.deepEqual(
      [entry?.name, entry?.size, entry?.padding],
      ["big", 9_000_000_000, (512 - (9_000_000_000 % 512)) % 512],
    );
  });

  it("V1-03 takes a size in base 256, as GNU tar writes it", () => {
    const field = new Uint8Array(12);
    field[0] = 0x80;
    new DataView(field.buffer).setBigUint64(4, 9_000_000_000n);
    const entry = feedParser(changed(tarFileHeader({ name: "big", size: 0 }), 124, field), nextTarEntry);
    assert.equal(entry?.size, 9_000_000_000);
  });

  it("V1-03 puts the prefix of a long name in front", () => {
    const header = changed(tarFileHeader({ name: "o.dat", size: 0 }), 345, bytesOf("obs/some-consumer"));
    assert.equal(feedParser(header, nextTarEntry)?.name, "obs/some-consumer/o.dat");
  });

  it("V1-02 says what is no regular file, and leaves it to the caller", () => {
    const header = changed(tarFileHeader({ name: "dir", size: 0 }), 156, bytesOf("5"));
    assert.equal(feedParser(header, nextTarEntry)?.type, "5");
  });
});

describe("damage in a tar", () => {
  const one = tarFile("meta.inf", bytesOf("content"));

  it("V1-02 in any byte of a header is caught by its checksum, or changes nothing", () => {
    const tar = join([one, tarEnd()]);
    for (let at = 0; at < 512; at++) {
      for (const bit of [1, 2, 4, 8, 16, 32, 64, 128]) {
        const copy = tar.slice();
        copy[at] = (copy[at] as number) ^ bit;
        try {
          assert.deepEqual(files(copy), [{ name: "meta.inf", content: bytesOf("content") }]);
          // Only the checksum's own field is not covered: a leading zero as a space, its NUL as a space.
          assert.ok(at >= 148 && at < 156, `byte ${at}`);
        } catch (error) {
          assert.ok(isRelightError(error, "ARCHIVE_DAMAGED"), String(error));
        }
      }
    }
  });

  it("V1-04 in the padding is caught", () => {
    const copy = one.slice();
    copy[copy.length - 1] = 1;
    refuses(join([copy, tarEnd()]), /meta\.inf: the padding is not all zeros, at offset 519/);
  });

  it("V1-01 is a single zero block, or one with something behind it", () => {
    refuses(join([one, new Uint8Array(512), one]), /not two zero blocks/);
    assert.throws(() => feedParser(join([one, new Uint8Array(512)]), readAll), /bytes ended/);
  });

  it("V1-03 in an extended header is caught", () => {
    const extended = (records: Uint8Array, type = "x"): Uint8Array => {
      const header = changed(tarFileHeader({ name: "PaxHeaders.0/x", size: records.length }), 156, bytesOf(type));
      return join([header, records, new Uint8Array((512 - (records.length % 512)) % 512), one, tarEnd()]);
    };
    assert.equal(files(extended(encodePaxRecord("path", "other")))[0]?.name, "other");
    assert.equal(files(extended(encodePaxRecord("path", "other"), "g"))[0]?.name, "meta.inf");
    refuses(extended(bytesOf("12 path=other\n")), /malformed/);
    refuses(extended(bytesOf("13 path=other")), /malformed/);
    refuses(extended(bytesOf("99 path=other\n")), /malformed/);
    refuses(extended(bytesOf("14 path=a\0ther\n")), /malformed/);
    refuses(extended(bytesOf("0 ")), /malformed/);
    refuses(extended(encodePaxRecord("size", "-1")), /malformed/);
    refuses(extended(encodePaxRecord("pbth", "other")), /unknown key "pbth"/);
    refuses(
      join([extended(encodePaxRecord("path", "a")).subarray(0, 1024), tarEnd()]),
      /ends behind an extended header/,
    );
  });

  it("V1-03 is an extended header of more than a mebibyte, which is never read", () => {
    const header = changed(tarFileHeader({ name: "x", size: 2 ** 21 }), 156, bytesOf("x"));
    refuses(header, /an extended tar header of 2097152 bytes/);
  });

  it("V1-04 shows where the two times of a header differ", () => {
    const mtime = encodePaxRecord("mtime", "1700000001.999999999");
    const header = changed(tarFileHeader({ name: "x", size: mtime.length }), 156, bytesOf("x"));
    const tar = (seconds: number): Uint8Array =>
      join([header, mtime, new Uint8Array(512 - mtime.length), tarFile("a", bytesOf("b"), seconds), tarEnd()]);
    assert.equal(files(tar(1_700_000_001)).length, 1);
    refuses(tar(1_700_000_002), /the two times/);
  });
});
