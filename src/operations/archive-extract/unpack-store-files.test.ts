import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { isRelightError } from "../../errors.ts";
import { inTemporaryDirectory } from "../../testing/temporary-directory.ts";
import { packS2, type TestEntry, tarOf } from "../../testing/test-archive.ts";
import { unpackStoreFiles } from "./unpack-store-files.ts";

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const file = (name: string, bytes: number): TestEntry => ({ name, content: randomBytes(bytes) });

describe("the files of an archive", () => {
  it("come out as they went in, however the archive is cut", () =>
    inTemporaryDirectory(async (directory) => {
      const entries = [
        file("meta.inf", 300),
        file("meta.sum", 16),
        file("msgs/1.blk", 3_000_000),
        file("msgs/2.blk", 0),
        file("obs/a consumer/meta.inf", 100),
        file("obs/a consumer/o.dat", 512),
      ];
      const archive = packS2(tarOf(entries));
      for (const size of [1_000, 65_536, archive.length]) {
        const target = join(directory, `${size}`);
        assert.equal(await unpackStoreFiles(cut(archive, size), target), 3_000_928);
        for (const { name, content } of entries) assert.ok((await readFile(join(target, name))).equals(content), name);
      }
    }));

  it("never lead out of their directory, whatever a consumer is called", () =>
    inTemporaryDirectory(async (directory) => {
      const names = ["../x", "/etc/x", "obs/../../x/meta.inf", "obs/../meta.inf", "obs/./o.dat", "obs/a\\b/meta.inf"];
      for (const name of [...names, "msgs/1.key", "obs/a/b/meta.inf", "msgs/thw.db"]) {
        const target = join(directory, "target");
        await assert.rejects(
          unpackStoreFiles(cut(packS2(tarOf([file(name, 10)])), 1_000), target),
          (error) => isRelightError(error, "ARCHIVE_DAMAGED") && error.context.entry === name,
          name,
        );
        assert.deepEqual(await readdir(directory), []);
      }
    }));

  it("must all be there: an archive that is cut is damaged", () =>
    inTemporaryDirectory(async (directory) => {
      const tar = tarOf([file("msgs/1.blk", 1_000)]);
      const early = packS2(tar.subarray(0, tar.length - 1024));
      await assert.rejects(unpackStoreFiles(cut(early, 100), join(directory, "a")), /the end of the tar is missing/);
      const whole = packS2(tar);
      await assert.rejects(unpackStoreFiles(cut(whole.subarray(0, -3), 100), join(directory, "b")), /cut off/);
    }));
});
