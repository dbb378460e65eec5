import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { isRelightError } from "../../errors.ts";
import { inTemporaryDirectory } from "../../testing/temporary-directory.ts";
import { readAhead, readInTurns } from "./read-in-turns.ts";

const readers = {
  readInTurns: (path: string) => readInTurns(path, { pieceBytes: 1_000, pieces: 3 }),
  readAhead: (path: string) => readAhead(path, 1_000),
};

for (const [name, read] of Object.entries(readers)) {
  describe(name, () => {
    it("reads files of every length to their end", () =>
      inTemporaryDirectory(async (directory) => {
        for (const length of [0, 1, 999, 1_000, 1_001, 10_500]) {
          const path = join(directory, `${length}`);
          const content = randomBytes(length);
          await writeFile(path, content);
          const seen: Buffer[] = [];
          for await (const piece of read(path)) seen.push(Buffer.from(piece));
          assert.ok(Buffer.concat(seen).equals(content), `${length} bytes`);
        }
      }));

    it("can be left early, and says which file it cannot read", () =>
      inTemporaryDirectory(async (directory) => {
        const path = join(directory, "file");
        await writeFile(path, randomBytes(5_000));
        for await (const piece of read(path)) {
          assert.equal(piece.length, 1_000);
          break;
        }
        await assert.rejects(
          async () => {
            for await (const _ of read(join(directory, "none")));
          },
          (error) => isRelightError(error, "FILE_SYSTEM") && /none/.test(error.message),
        );
      }));
  });
}

describe("readInTurns", () => {
  it("leaves a piece as it is until as many as there are have been asked for", () =>
    inTemporaryDirectory(async (directory) => {
      const path = join(directory, "file");
      await writeFile(path, Buffer.concat([1, 2, 3, 4, 5, 6].map((value) => Buffer.alloc(1_000, value))));
      const pieces: Uint8Array[] = [];
      for await (const piece of readers.readInTurns(path)) {
        pieces.push(piece);
        const valid = pieces.slice(-3);
        assert.deepEqual(
          valid.map((one) => one[0]),
          valid.map((_, index) => pieces.length - valid.length + index + 1),
        );
      }
      assert.equal(new Set(pieces.map((piece) => piece.buffer)).size, 3);
    }));
});
