import assert from "node:assert/strict";
import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isRelightError } from "../../errors.ts";
import { assertSameStream, compareStreams } from "../../testing/compare-streams.ts";
import { LiveModel } from "../../testing/live-model.ts";
import { publishOne } from "../../testing/publish.ts";
import { readStream } from "../../testing/read-stream.ts";
import { runRelight, summaryOf } from "../../testing/relight-process.ts";
import { StoryServer } from "../../testing/story-server.ts";
import { createStream, publishNumbered } from "../../testing/stream-setup.ts";
import { editArchive } from "../archive-edit/edit-archive.ts";
import { backupStream } from "../stream-backup/backup-stream.ts";
import { readBackup } from "../stream-restore/read-backup.ts";
import { restoreStreams } from "../stream-restore/restore-streams.ts";

const tool = "relight test";
const isLong = process.env.RELIGHT_LONG === "1";

describe("an upload that fails in the middle", { concurrency: 2 }, () => {
  let story: StoryServer;
  before(async () => {
    story = await StoryServer.start("2.15");
  });
  after(() => story[Symbol.asyncDispose]());

  // 2.15 stores the messages of a v2 archive while they come, so that a cut upload leaves a stream with some of them. A
  // stream in memory is what goes to a single server as v2.
  for (const [name, storage] of [
    ["MEMORY", "memory"],
    ["FILE", "file"],
  ] as const) {
    it(`F21: cut, of a stream in ${storage}: what came of it is removed on reconnecting, and a second run succeeds`, async () => {
      await story.fill(name, 8, { storage });
      const original = await readStream(story.nc, name);
      await backupStream(story.session, { stream: name, directory: story.path(name), tool });
      await story.session.api.deleteStream(name);
      const { proxy, session } = await story.through({}, "5s");
      const stored = await readBackup(story.path(name));
      const [failed] = await restoreStreams(session, {
        stored,
        wishes: { ifExists: "fail" },
        tool,
        onEvent: (event) => {
          if (event.kind === "planned") proxy.cutAfter("toServer", 2 ** 20);
        },
      });
      assert.ok(failed?.status === "failed" && isRelightError(failed.error, "CONNECTION_LOST"), JSON.stringify(failed));
      assert.equal(failed.plan?.route, storage === "memory" ? "as-is" : "as-v1");
      assert.equal(await story.session.api.findStream(name), undefined, "nothing half-made is left");
      assert.equal(failed.error.context.left, undefined);
      const [second] = await restoreStreams(session, { stored, wishes: { ifExists: "fail" }, tool });
      assert.equal(second?.status, "restored", JSON.stringify(second));
      assertSameStream(original, await readStream(story.nc, name));
    });
  }

  it("F21: of a v2 archive that was sent as v1, which kept its creation time, it is removed as well", async () => {
    const name = "LIMITED";
    await createStream(story.nc, { name, subjects: ["limited.>"] });
    await publishNumbered(story.nc, new LiveModel(), 3, () => "limited.same");
    await backupStream(story.session, { stream: name, directory: story.path(name), tool });
    await story.session.api.deleteStream(name);
    // What no archive of a server holds: more of a subject than the stream allows, so that some are missing afterwards.
    const [own] = await readBackup(story.path(name));
    assert.ok(own?.config && own.manifest);
    const config = { ...own.config, max_msgs_per_subject: 1 };
    const manifest = { ...own.manifest, created: "2024-01-02T03:04:05Z" };
    await editArchive({ ...own, config, manifest }, { spec: {}, tool, target: story.path("tighter") });
    const [failed] = await restoreStreams(story.session, {
      stored: await readBackup(story.path("tighter")),
      wishes: { ifExists: "fail" },
      tool,
    });
    assert.ok(failed?.status === "failed" && isRelightError(failed.error, "RESTORE_MISMATCH"), JSON.stringify(failed));
    assert.equal(failed.plan?.route, "as-v1");
    assert.equal(failed.error.context.left, undefined);
    assert.equal(await story.session.api.findStream(name), undefined, "nothing half-made is left");
  });

  it("F21: where the server is gone too, it is said that what was left is unknown, and how to look", async () => {
    await story.fill("GONE", 8, { storage: "memory" });
    await backupStream(story.session, { stream: "GONE", directory: story.path("GONE"), tool });
    await story.session.api.deleteStream("GONE");
    const { proxy, session } = await story.through({}, "1s");
    const stored = await readBackup(story.path("GONE"));
    const [failed] = await restoreStreams(session, {
      stored,
      wishes: { ifExists: "fail" },
      tool,
      onEvent: (event) => {
        if (event.kind === "planned") proxy.cutAfter("toServer", 2 ** 20).then(() => proxy.refuse());
      },
    });
    assert.ok(failed?.status === "failed" && isRelightError(failed.error, "CONNECTION_LOST"), JSON.stringify(failed));
    assert.match(
      failed.error.message,
      /whether a half-made stream "GONE" was left is unknown .* relight stream info GONE/,
    );
  });

  it("F18: a stream that somebody else creates under the name meanwhile is not touched", async () => {
    await story.fill("TAKEN", 8);
    await backupStream(story.session, { stream: "TAKEN", directory: story.path("TAKEN"), tool });
    await story.session.api.deleteStream("TAKEN");
    const stored = await readBackup(story.path("TAKEN"));
    let created: Promise<unknown> | undefined;
    const [failed] = await restoreStreams(story.session, {
      stored,
      wishes: { ifExists: "fail" },
      tool,
      onEvent: (event) => {
        if (event.kind !== "planned") return;
        created = story.session.api.createStream({
          name: "TAKEN",
          subjects: ["TAKEN.>"],
          description: "somebody else's",
        });
      },
    });
    await created;
    assert.ok(failed?.status === "failed", JSON.stringify(failed));
    assert.equal((await story.session.api.streamInfo("TAKEN")).config.description, "somebody else's");
  });
});

for (const version of isLong ? ["2.15", "2.14", "2.12", "2.10", "2.9"] : ["2.14"]) {
  describe(`F18: an account's restore on nats-server ${version} of which a part fails`, () => {
    let story: StoryServer;
    const names = ["ALPHA", "BETA", "GAMMA", "DELTA"];
    before(async () => {
      story = await StoryServer.start(version);
      for (const name of names) await story.fill(name, 1);
      const backup = await runRelight(story.directory, [
        "account",
        "backup",
        story.path("all"),
        "--server",
        story.server.url,
      ]);
      assert.equal(backup.code, 0, backup.stderr);
    });
    after(() => story[Symbol.asyncDispose]());

    const restoreAll = (path: string): ReturnType<typeof runRelight> =>
      runRelight(story.directory, ["account", "restore", path, "--json", "--server", story.server.url]);
    const fates = (run: Awaited<ReturnType<typeof runRelight>>): Record<string, string> => {
      const { streams } = summaryOf(run) as {
        readonly streams: readonly { readonly stream: string; readonly status: string }[];
      };
      return Object.fromEntries(streams.map(({ stream, status }) => [stream, status]));
    };

    it("one of four exists: the three others are restored, the one is named and untouched, and the exit code is 3", async () => {
      const original = await readStream(story.nc, "ALPHA");
      for (const name of names) if (name !== "BETA") await story.session.api.deleteStream(name);
      const live = await readStream(story.nc, "BETA");
      const run = await restoreAll(story.path("all"));
      assert.equal(run.code, 3, run.stderr);
      assert.deepEqual(fates(run), { ALPHA: "restored", BETA: "refused", GAMMA: "restored", DELTA: "restored" });
      assertSameStream(live, await readStream(story.nc, "BETA"), { created: true });
      assertSameStream(original, await readStream(story.nc, "ALPHA"));
    });

    it("one of four is damaged: the others are restored, and a second run with it mended does the rest", async () => {
      const damaged = story.path("damaged");
      await cp(story.path("all"), damaged, { recursive: true });
      const [stored] = await readBackup(join(damaged, "GAMMA"));
      assert.ok(stored);
      const bytes = await readFile(stored.archive);
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
      await writeFile(stored.archive, bytes);
      for (const name of names) await story.session.api.deleteStream(name);
      const run = await restoreAll(damaged);
      assert.equal(run.code, 3, run.stderr);
      assert.deepEqual(fates(run), { GAMMA: "failed", ALPHA: "restored", BETA: "restored", DELTA: "restored" });
      assert.equal(await story.session.api.findStream("GAMMA"), undefined);
      await rm(join(damaged, "GAMMA"), { recursive: true });
      await cp(join(story.path("all"), "GAMMA"), join(damaged, "GAMMA"), { recursive: true });
      const again = await restoreAll(damaged);
      assert.equal(again.code, 3);
      assert.equal(fates(again).GAMMA, "restored");
    });

    it("F20: what live publishers write as soon as the stream is back is said, and every message is there", async () => {
      const original = await readStream(story.nc, "DELTA");
      await story.session.api.deleteStream("DELTA");
      let publishing = true;
      let accepted = 0;
      const publisher = (async (): Promise<void> => {
        while (publishing) {
          await publishOne(story.nc, { subject: "DELTA.live", payload: "live" }).then(
            () => accepted++,
            () => sleep(1),
          );
        }
      })();
      const stored = await readBackup(join(story.path("all"), "DELTA"));
      const [result] = await restoreStreams(story.session, { stored, wishes: { ifExists: "fail" }, tool });
      while (accepted === 0) await sleep(5);
      publishing = false;
      await publisher;
      assert.ok(result?.status === "restored", JSON.stringify(result));
      const arrived = result.done.info.state.last_seq - original.info.state.last_seq;
      assert.equal(
        result.done.outcome.notes.some((note) => note.startsWith(`${arrived} messages arrived after the restore`)),
        arrived > 0,
      );
      const now = await readStream(story.nc, "DELTA");
      const differences = compareStreams(original, now, {
        streamState: ["messages", "last_seq", "last_ts", "num_subjects"],
      });
      assert.equal(differences.length, accepted);
      assert.ok(differences.every((difference) => difference.kind === "message-extra"));
    });
  });
}
