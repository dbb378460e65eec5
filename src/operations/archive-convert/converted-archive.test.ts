import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isRelightError } from "../../errors.ts";
import { editArchiveBytes } from "../../testing/edit-archive-bytes.ts";
import { archiveV2 } from "../../testing/natsarc-writer.ts";
import { inTemporaryDirectory } from "../../testing/temporary-directory.ts";
import { packS2 } from "../../testing/test-archive.ts";
import type { ConvertWish } from "./convert-protocol.ts";
import { ConvertedArchive } from "./converted-archive.ts";

const wish: Omit<ConvertWish, "path"> = {
  spec: {},
  config: { name: "S", subjects: ["s.>"], storage: "file" },
  created: "2026-01-02T03:04:05Z",
  lastSequence: 300,
  compress: false,
};

/** 20 MiB that no compression makes smaller: several times what the slots of a small ring hold. */
const archive = packS2(
  archiveV2({
    messages: Array.from({ length: 300 }, (_, index) => ({ sequence: index + 1, payload: randomBytes(70_000) })),
  }),
  { blockSize: 2 ** 20 },
);

/** What the conversion makes in one thread. */
function expected(compress: boolean): Buffer {
  const { config, created } = wish;
  return Buffer.from(editArchiveBytes(archive, { target: { format: "v1", config, created, compress } }).archive);
}

describe("an archive that is converted in a worker", () => {
  for (const compress of [false, true]) {
    it(`comes whole and in order through memory that is used in turns${compress ? ", compressed" : ""}`, () =>
      inTemporaryDirectory(async (directory) => {
        const path = join(directory, "archive.s2");
        await writeFile(path, archive);
        for (const inUse of [1, 4]) {
          const converted = ConvertedArchive.start({ ...wish, path, compress }, { inUse });
          await converted.ready;
          // Each piece is looked at when it is about to become free.
          const held: Uint8Array[] = [];
          const seen: Buffer[] = [];
          let bytes = 0;
          for await (const piece of converted) {
            held.push(piece);
            if (seen.length % 7 === 0) await sleep(1);
            if (held.length < inUse) continue;
            const oldest = Buffer.from(held.shift() as Uint8Array);
            seen.push(oldest);
            bytes += oldest.length;
            converted.free(bytes);
          }
          seen.push(...held.map((piece) => Buffer.from(piece)));
          assert.ok(Buffer.concat(seen).equals(expected(compress)), `${inUse} in use`);
          assert.ok(Math.abs(converted.sourceBytes - archive.length) < 100 * 1024);
          await converted.close();
        }
      }));
  }

  it("goes on however few pieces its blocks have, as long as each is freed once it is used", () =>
    inTemporaryDirectory(async (directory) => {
      // Gaps end blocks: of one message of 1 MB, of many, of one again.
      let sequence = 0;
      const messages = Array.from({ length: 60 }, (_, index) => {
        sequence += index % 10 < 5 ? 5000 : 1;
        return { sequence, payload: randomBytes(1_000_000) };
      });
      const path = join(directory, "archive.s2");
      await writeFile(path, packS2(archiveV2({ messages }), { blockSize: 2 ** 20, compress: false }));
      const converted = ConvertedArchive.start({ ...wish, path, lastSequence: sequence }, { inUse: 1 });
      let bytes = 0;
      for await (const piece of converted.oneByOne()) bytes += piece.length;
      assert.ok(bytes > 60_000_000);
      await converted.close();
    }));

  it("can be cancelled while nobody reads, and tells of a damaged source", () =>
    inTemporaryDirectory(async (directory) => {
      const path = join(directory, "archive.s2");
      await writeFile(path, archive);
      const converted = ConvertedArchive.start({ ...wish, path }, { inUse: 1 });
      await converted.ready;
      await converted.close();

      await writeFile(path, archive.subarray(0, archive.length / 2));
      const cut = ConvertedArchive.start({ ...wish, path }, { inUse: 1 });
      await assert.rejects(
        async () => {
          for await (const _ of cut);
        },
        (error) => isRelightError(error, "ARCHIVE_DAMAGED") && error.message.startsWith(path),
      );
      await cut.close();
    }));
});
