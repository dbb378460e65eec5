import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type RelightRun, runRelight, startRelight, summaryOf } from "../../testing/relight-process.ts";
import { StoryServer } from "../../testing/story-server.ts";
import { readBackup } from "../stream-restore/read-backup.ts";

describe("F10: a script learns from the exit code what happened", { concurrency: 2 }, () => {
  let story: StoryServer;
  before(async () => {
    story = await StoryServer.start("2.15");
    await story.fill("ORDERS", 1);
    await mkdir(story.path("made"));
    assert.equal((await relight("stream", "backup", "ORDERS", story.path("made/ORDERS"))).code, 0);
  });
  after(() => story[Symbol.asyncDispose]());

  const relight = (...args: readonly string[]): Promise<RelightRun> =>
    runRelight(story.directory, [...args, "--server", story.server.url]);

  function assertFailed(run: RelightRun, code: number, message: RegExp): void {
    assert.equal(run.code, code, run.stderr);
    assert.match(run.stderr, message);
    assert.equal(run.stdout, "", "nothing on stdout that could be taken for a result");
  }

  it("0: backed up and proven; the JSON summary says ok", async () => {
    const run = await relight("stream", "backup", "ORDERS", story.path("ok"), "--json");
    assert.equal(run.code, 0, run.stderr);
    assert.equal(summaryOf(run).ok, true);
  });

  it("1: a stream that does not exist, and no directory appears", async () => {
    assertFailed(await relight("stream", "backup", "NONE", story.path("none")), 1, /"NONE" was not found/);
    assert.ok(!existsSync(story.path("none")));
  });

  it("1: a failure is a summary with --json as well, beside the message on stderr", async () => {
    const run = await relight("stream", "backup", "NONE", story.path("none"), "--json");
    assert.equal(run.code, 1);
    const summary = summaryOf(run) as { readonly ok: boolean; readonly error: Readonly<Record<string, unknown>> };
    assert.equal(summary.ok, false);
    assert.equal(summary.error.code, "STREAM_NOT_FOUND");
    assert.equal(summary.error.exit_code, 1);
    assert.match(run.stderr, /was not found/);
  });

  it("1: a directory that holds a backup already is not touched without --force", async () => {
    const before = await readFile(story.path("made/ORDERS/relight.json"), "utf8");
    assertFailed(await relight("stream", "backup", "ORDERS", story.path("made/ORDERS")), 1, /exists already/);
    assert.equal(await readFile(story.path("made/ORDERS/relight.json"), "utf8"), before);
  });

  it("1: a stream that exists", async () => {
    const run = await relight("stream", "restore", story.path("made/ORDERS"));
    assertFailed(run, 1, /^relight: Stream "ORDERS" already exist$/m);
    assert.match(run.stderr, /hint: .*--if-exists/);
  });

  it("2: an unknown flag, a missing argument, a size that is none", async () => {
    for (const args of [
      ["stream", "backup", "ORDERS", story.path("x"), "--no-such-flag"],
      ["stream", "backup", "ORDERS"],
      ["stream", "backup", "ORDERS", story.path("x"), "--chunk-size", "many"],
      ["stream", "restore", story.path("made/ORDERS"), "--if-exists", "perhaps"],
      ["stream", "restor", story.path("made/ORDERS")],
    ]) {
      const run = await relight(...args);
      assert.equal(run.code, 2, `${args.join(" ")}: ${run.stderr}`);
    }
    assert.ok(!existsSync(story.path("x")));
  });

  it("3: one of several streams could not be restored", async () => {
    await mkdir(story.path("two/EMPTY"), { recursive: true });
    await writeFile(story.path("two/EMPTY/backup.json"), "");
    await writeFile(story.path("two/EMPTY/stream.arc.s2"), "");
    assert.equal((await relight("stream", "backup", "ORDERS", story.path("two/ORDERS"))).code, 0);
    const run = await relight("account", "restore", story.path("two"), "--if-exists", "skip", "--json");
    assert.equal(run.code, 3, run.stderr);
  });

  it("13: a damaged archive", async () => {
    assert.equal((await relight("stream", "backup", "ORDERS", story.path("hurt"))).code, 0);
    const [stored] = await readBackup(story.path("hurt"));
    const bytes = await readFile(stored?.archive ?? "");
    bytes[bytes.length - 40_000] = (bytes[bytes.length - 40_000] as number) ^ 1;
    await writeFile(stored?.archive ?? "", bytes);
    assertFailed(
      await relight("stream", "restore", story.path("hurt"), "--if-exists", "replace"),
      13,
      /SHA-256 differs/,
    );
  });

  it("14: no server, and no directory appears", async () => {
    const nowhere = ["--server", "nats://127.0.0.1:1"];
    const run = await runRelight(story.directory, ["stream", "backup", "ORDERS", story.path("nowhere"), ...nowhere]);
    assertFailed(run, 14, /127\.0\.0\.1:1/);
    assert.ok(!existsSync(story.path("nowhere")));
  });

  it("130: Ctrl-C in the middle, and nothing is left", async () => {
    await story.fill("LONG", 8);
    const { proxy } = await story.through();
    const stalled = proxy.stallAfter("toClient", 2 * 2 ** 20);
    const args = ["stream", "backup", "LONG", story.path("long"), "--server", proxy.url, "--no-progress"];
    const { child, ended } = startRelight(story.directory, args);
    await Promise.race([stalled, once(child, "exit")]);
    child.kill("SIGINT");
    const run = await ended;
    assertFailed(run, 130, /cancelled/);
    assert.deepEqual(
      readdirSync(story.directory).filter((name) => name.includes("long")),
      [],
    );
    assert.ok(!existsSync(join(story.directory, "long")));
  });
});
