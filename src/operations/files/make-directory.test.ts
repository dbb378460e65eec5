import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { inTemporaryDirectory } from "../../testing/temporary-directory.ts";
import { makeDirectory } from "./make-directory.ts";

const code = (expected: string) => (error: NodeJS.ErrnoException) => error.code === expected;

describe("a directory that is made", () => {
  it("gets those above it, takes one that is there, and is its owner's alone", () =>
    inTemporaryDirectory(async (directory) => {
      const path = join(directory, "a", "b", "c");
      await Promise.all([makeDirectory(path), makeDirectory(path)]);
      await makeDirectory(path);
      assert.equal(statSync(path).mode & 0o777, 0o700);
    }));

  it("is an error where a file stands in the way", () =>
    inTemporaryDirectory(async (directory) => {
      await writeFile(join(directory, "file"), "");
      await assert.rejects(makeDirectory(join(directory, "file")), code("EEXIST"));
      await assert.rejects(makeDirectory(join(directory, "file", "x")), code("ENOTDIR"));
    }));

  it("is an error, and not a search without end, where the system makes none", {
    skip: !existsSync("/proc/self"),
  }, async () => {
    await assert.rejects(makeDirectory("/proc/x"), code("ENOENT"));
    await assert.rejects(makeDirectory("/proc/x/y"), code("ENOENT"));
  });
});
