import assert from "node:assert/strict";
import { chmod, mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { versionTeller, writeProgram } from "../testing/stand-in-program.ts";
import { inTemporaryDirectory } from "../testing/temporary-directory.ts";
import { serverVersionOf } from "./run-program.ts";
import { addToCache, cachedServer, serverCache } from "./server-cache.ts";

/** Runs `work` with another temporary directory of the system. */
async function withTmpdir<Result>(directory: string, work: () => Promise<Result>): Promise<Result> {
  const before = process.env.TMPDIR;
  process.env.TMPDIR = directory;
  try {
    assert.equal(tmpdir(), directory);
    return await work();
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}

describe("the cache of servers", () => {
  it("is where the environment says, from the most to the least particular", () =>
    inTemporaryDirectory(async (scratch) => {
      const at = (name: string): string => join(scratch, name);
      const home = { HOME: at("home") };
      const xdg = { ...home, XDG_CACHE_HOME: at("xdg") };
      assert.equal(await serverCache({ ...xdg, RELIGHT_CACHE: at("own") }), at("own/nats-server"));
      assert.equal(await serverCache(xdg), at("xdg/relight/nats-server"));
      assert.equal(await serverCache(home), at("home/.cache/relight/nats-server"));
    }));

  it("is a private temporary directory where there is no home, or none that can be written to", () =>
    inTemporaryDirectory((scratch) =>
      withTmpdir(scratch, async () => {
        for (const env of [{}, { HOME: "" }, { HOME: "/dev/null/nobody" }]) {
          const cache = await serverCache(env);
          assert.ok(cache.startsWith(`${scratch}/relight-cache-`), cache);
          assert.equal((await stat(join(cache, ".."))).mode & 0o777, 0o700);
        }
      }),
    ));

  it("is not a temporary directory that others could have put a program into", () =>
    inTemporaryDirectory((scratch) =>
      withTmpdir(scratch, async () => {
        const cache = await serverCache({});
        await chmod(join(cache, ".."), 0o777);
        await assert.rejects(serverCache({}), /set RELIGHT_CACHE/);
      }),
    ));

  it("takes a binary that is what it should be, and nothing else", () =>
    inTemporaryDirectory(async (scratch) => {
      const cache = join(scratch, "cache");
      const good = await writeProgram(join(scratch, "good"), versionTeller("2.15.1"));
      const broken = join(scratch, "broken");
      await writeFile(broken, "no program");
      await assert.rejects(addToCache(cache, "2.15.0", good), /it brought 2\.15\.1/);
      await assert.rejects(addToCache(cache, "2.15.1", broken));
      assert.deepEqual(await readdir(join(cache, "2.15.0")), []);
      assert.deepEqual(await readdir(join(cache, "2.15.1")), []);
      assert.equal(await addToCache(cache, "2.15.1", good), cachedServer(cache, "2.15.1"));
      assert.equal(await serverVersionOf(cachedServer(cache, "2.15.1")), "2.15.1");
    }));

  it("is never half filled while many put the same server into it, some of them running it", () =>
    inTemporaryDirectory(async (scratch) => {
      const cache = join(scratch, "cache");
      const good = await writeProgram(join(scratch, "good"), versionTeller("2.15.1"));
      await mkdir(cache);
      const paths = await Promise.all(
        Array.from({ length: 12 }, async () => {
          const path = await addToCache(cache, "2.15.1", good);
          assert.equal(await serverVersionOf(path), "2.15.1");
          return path;
        }),
      );
      assert.equal(new Set(paths).size, 1);
      assert.equal((await readdir(join(cache, "2.15.1"))).length, 1);
    }));
});
