import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, watch } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isRelightError } from "../../errors.ts";
import { fillStream } from "../../testing/fill.ts";
import { startRelight } from "../../testing/relight-process.ts";
import { StoryServer } from "../../testing/story-server.ts";
import { findReplaced } from "../files/staged-directory.ts";
import { backupStream } from "../stream-backup/backup-stream.ts";
import { proveArchive } from "../stream-restore/prove-archive.ts";
import { readBackup } from "../stream-restore/read-backup.ts";

const tool = "relight test";
const isLong = process.env.RELIGHT_LONG === "1";

describe("a backup that is killed (SIGKILL), at any moment", () => {
  let story: StoryServer;
  /** Messages in the stream, and so in a backup of it. */
  let messages = 0;
  before(async () => {
    story = await StoryServer.start("2.15");
    await story.fill("KILLED", 2);
    messages = 128;
  });
  after(() => story[Symbol.asyncDispose]());

  /** What the directory holds: the messages of a backup that is whole and proven, or undefined where there is none. */
  async function wholeBackup(directory: string): Promise<number | undefined> {
    try {
      const [stored] = await readBackup(directory);
      assert.ok(stored?.manifest, "a backup without its manifest was never finished");
      const { facts } = await proveArchive(stored, {});
      return facts.messages;
    } catch (error) {
      if (isRelightError(error, "BACKUP_NOT_FOUND")) return undefined;
      throw error;
    }
  }

  /** Kills a backup after so many changes in the directory around it and in its temporary one; tells whether it came to that. */
  async function killAt(directory: string, changes: number, flags: readonly string[]): Promise<boolean> {
    const server = ["--server", story.server.url, "--no-progress"];
    const { child, ended } = startRelight(story.directory, [
      "stream",
      "backup",
      "KILLED",
      directory,
      ...flags,
      ...server,
    ]);
    let seen = 0;
    const count = (): void => {
      if (++seen >= changes) child.kill("SIGKILL");
    };
    const watchers = [watch(story.directory, count)];
    const inside = setInterval(() => {
      for (const name of readdirSync(story.directory).filter((one) => one.endsWith(".partial"))) {
        if (watchers.length > 1) return;
        try {
          watchers.push(watch(join(story.directory, name), count));
        } catch {
          // It is gone again.
        }
      }
    }, 1);
    const { signal } = await ended;
    clearInterval(inside);
    for (const watcher of watchers) watcher.close();
    return signal === "SIGKILL";
  }

  async function killAfter(directory: string, milliseconds: number, flags: readonly string[]): Promise<void> {
    const server = ["--server", story.server.url, "--no-progress"];
    const { child, ended } = startRelight(story.directory, [
      "stream",
      "backup",
      "KILLED",
      directory,
      ...flags,
      ...server,
    ]);
    await Promise.race([sleep(milliseconds), once(child, "exit")]);
    child.kill("SIGKILL");
    await ended;
  }

  async function cleanUp(): Promise<void> {
    for (const name of readdirSync(story.directory)) {
      await rm(join(story.directory, name), { recursive: true, force: true });
    }
  }

  it("leaves no directory, or one that is whole and proven; the next run tidies up", async () => {
    const directory = story.path("fresh");
    let killed = 0;
    let tidied = 0;
    for (let changes = 1; ; changes += isLong ? 1 : 2) {
      const came = await killAt(directory, changes, []);
      const found = await wholeBackup(directory);
      assert.ok(found === undefined || found === messages, `after ${changes} changes`);
      const hidden = (): string[] => readdirSync(story.directory).filter((name) => name.startsWith("."));
      if (found === undefined && hidden().length > 0) {
        await backupStream(story.session, { stream: "KILLED", directory, tool });
        assert.deepEqual(hidden(), []);
        tidied++;
      }
      await cleanUp();
      if (!came) break;
      killed++;
    }
    assert.ok(tidied > 0, "nothing was left to tidy up");
    assert.ok(killed >= 3, `killed ${killed} times`);
  });

  it("with --force leaves the old backup, or the new one, each whole and proven; no moment loses both", async () => {
    const directory = story.path("kept");
    const outcomes = new Set<string>();
    const judge = async (when: string): Promise<void> => {
      const old = messages - 1;
      let found = await wholeBackup(directory);
      if (found === undefined) {
        // Between two renames: the next run brings it back.
        const hidden = await findReplaced(directory);
        assert.ok(hidden, `${when}: nothing is there`);
        await assert.rejects(backupStream(story.session, { stream: "KILLED", directory, tool }), (error) =>
          isRelightError(error, "BACKUP_EXISTS"),
        );
        found = await wholeBackup(directory);
        outcomes.add("brought back");
      }
      assert.ok(found === old || found === messages, `${when}: ${found} messages`);
      outcomes.add(found === old ? "old" : "new");
    };
    const once = async (when: string, run: () => Promise<unknown>): Promise<void> => {
      await cleanUp();
      await backupStream(story.session, { stream: "KILLED", directory, tool });
      await fillStream(story.nc, "KILLED", { messages: 1, size: 100, kind: "random", subjects: ["KILLED.more"] });
      messages++;
      await run();
      await judge(when);
    };
    let came: unknown = true;
    for (let changes = 1; came; changes += isLong ? 1 : 3) {
      await once(`after ${changes} changes`, async () => {
        came = await killAt(directory, changes, ["--force"]);
      });
    }
    for (let index = 0; index < (isLong ? 150 : 4); index++) {
      const milliseconds = 250 + ((index * 37) % 400);
      await once(`after ${milliseconds} ms`, () => killAfter(directory, milliseconds, ["--force"]));
    }
    assert.ok(outcomes.has("old") && outcomes.has("new"), [...outcomes].join());
    await cleanUp();
  });

  it("between the two renames of a replacement: a restore says where the old one is, the next backup brings it back", async () => {
    const directory = story.path("between");
    await backupStream(story.session, { stream: "KILLED", directory, tool });
    await rename(directory, story.path(".between.relight-0a1b2c3d.partial.replaced"));
    await assert.rejects(readBackup(directory), (error) => {
      assert.ok(isRelightError(error, "BACKUP_NOT_FOUND"));
      assert.match(error.hint, /\.between\.relight-0a1b2c3d\.partial\.replaced/);
      return true;
    });
    await assert.rejects(backupStream(story.session, { stream: "KILLED", directory, tool }), (error) =>
      isRelightError(error, "BACKUP_EXISTS"),
    );
    assert.equal(await wholeBackup(directory), messages);
    assert.deepEqual(readdirSync(story.directory), ["between"]);
  });
});
