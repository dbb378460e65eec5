import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readAnywhere } from "../../testing/edit-archive-bytes.ts";
import { archiveV2 } from "../../testing/natsarc-writer.ts";
import { metaEntries, packS2, type TestEntry, tarOf } from "../../testing/test-archive.ts";
import { blk, index, lastChecksum, range } from "../../testing/v1-entries.ts";
import { Kernels } from "../kernels/kernels.ts";
import { type ArchiveOutline, outlineArchive } from "./archive-outline.ts";

const blocks = Array.from({ length: 20 }, (_, number) =>
  blk(number + 1, range(number * 1000 + 1, number * 1000 + 1000)),
);
const last = blocks.at(-1) as TestEntry;
const ofBlocks = blocks.map((_, number) => ({
  number: number + 1,
  first: number * 1000 + 1,
  last: number * 1000 + 1000,
}));
const entries = [...metaEntries("S"), ...blocks, index({ blocks: ofBlocks, lastChecksum: lastChecksum(last) })];

function outline(archive: Uint8Array): { readonly found: ArchiveOutline | undefined; readonly read: number } {
  let read = 0;
  const file = readAnywhere(archive, (bytes) => {
    read += bytes;
  });
  return { found: outlineArchive(file, Kernels.create()), read };
}

describe("the outline of an archive", () => {
  for (const [title, options] of [
    ["compressed", { blockSize: 4096 }],
    ["stored", { blockSize: 4096, compress: false }],
    ["of few large chunks", {}],
  ] as const) {
    it(`has the stream and the index of one that is ${title}`, () => {
      const archive = packS2(tarOf(entries), options);
      const { found, read } = outline(archive);
      assert.equal(found?.stream.name, "S");
      assert.deepEqual([...(found?.index.live ?? [])], [[1, 20_000]]);
      if ("blockSize" in options) assert.ok(read < archive.length / 4, `${read} of ${archive.length} bytes were read`);
    });
  }

  it("is none of a v2 archive, nor where there is no index", () => {
    assert.equal(outline(packS2(archiveV2({ messages: [{ sequence: 1, name: "s", payload: "x" }] }))).found, undefined);
    assert.equal(outline(packS2(tarOf([...metaEntries("S"), ...blocks]))).found, undefined);
  });

  it("is none where anything is odd: an unknown entry, bytes behind the end, an archive that is cut anywhere", () => {
    const odd = { name: "msgs/strange", content: new Uint8Array(10) };
    assert.equal(outline(packS2(tarOf([...entries, odd]))).found, undefined);
    const archive = packS2(tarOf(entries), { blockSize: 4096 });
    assert.equal(outline(Buffer.concat([archive, Buffer.from("more")])).found, undefined);
    for (let end = 0; end < archive.length; end += 997)
      assert.equal(outline(archive.subarray(0, end)).found, undefined);
  });

  it("never takes much, whatever a length says", () => {
    const archive = Buffer.from(packS2(tarOf(entries), { blockSize: 4096 }));
    for (let at = 10; at < archive.length; at += 1009) {
      const damaged = Buffer.from(archive);
      damaged[at] = 255;
      outline(damaged);
    }
  });
});
