import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isRelightError } from "../../errors.ts";
import { snapshotStream } from "../../jetstream/snapshot.ts";
import { StoryServer } from "../../testing/story-server.ts";
import { createStream } from "../../testing/stream-setup.ts";
import { backupStream, type StreamBackupOptions } from "../stream-backup/backup-stream.ts";

const tool = "relight test";
const mebibyte = 2 ** 20;
/** Twice what the oldest servers send ahead, so that what happens at 3 MiB happens in the middle. */
const size = 24;

const versions = process.env.RELIGHT_LONG === "1" ? ["2.15", "2.14", "2.12", "2.10", "2.9"] : ["2.15", "2.10"];

for (const version of versions) {
  describe(`a snapshot of nats-server ${version} that is interrupted`, { concurrency: 2 }, () => {
    let story: StoryServer;
    before(async () => {
      story = await StoryServer.start(version);
      for (const stream of ["CUT", "DELETED", "RECREATED", "RESTARTED"]) await story.fill(stream, size);
    });
    after(() => story[Symbol.asyncDispose]());

    const left = (stream: string): string[] => readdirSync(story.directory).filter((name) => name.includes(stream));
    const options = (stream: string): StreamBackupOptions => ({ stream, directory: story.path(stream), tool });

    it("F07: a cut connection starts that stream again, and the second attempt is proven", async () => {
      const { proxy, session } = await story.through({}, "4s");
      const cut = proxy.cutAfter("toClient", 3 * mebibyte);
      const retries: string[] = [];
      const { manifest } = await backupStream(session, {
        ...options("CUT"),
        onEvent: (event) => void (event.kind === "retry" && retries.push(event.reason)),
      });
      await cut;
      assert.equal(manifest.attempts, 2);
      assert.match(retries[0] ?? "", /connection was lost/);
      assert.equal(manifest.content.messages, size * 64);
    });

    it("F07: a stream that is deleted meanwhile is no backup, whatever came of it", async () => {
      const { proxy, session } = await story.through({}, "4s");
      const stalled = proxy.stallAfter("toClient", 3 * mebibyte);
      const backup = backupStream(session, { ...options("DELETED"), idleTimeoutMs: 2_000 });
      const refused = assert.rejects(backup, (error) => isRelightError(error, "STREAM_NOT_FOUND"));
      await stalled;
      await story.session.api.deleteStream("DELETED");
      proxy.resume();
      await refused;
      assert.deepEqual(left("DELETED"), []);
    });

    it("F07: a stream that is deleted and created again is backed up as what it is now, and that is said", async () => {
      const { proxy, session } = await story.through({}, "4s");
      const stalled = proxy.stallAfter("toClient", 3 * mebibyte);
      const backup = backupStream(session, { ...options("RECREATED"), idleTimeoutMs: 2_000 });
      await stalled;
      await story.session.api.deleteStream("RECREATED");
      await createStream(story.nc, { name: "RECREATED", subjects: ["RECREATED.>"] });
      proxy.resume();
      const { manifest, movements } = await backup;
      assert.ok(manifest.attempts > 1);
      assert.equal(manifest.content.messages, 0);
      assert.equal(manifest.created, (await story.session.api.streamInfo("RECREATED")).created);
      assert.deepEqual(
        movements.map((movement) => movement.kind),
        ["recreated"],
      );
    });

    it("waits for a snapshot that somebody left under way, which counts as no attempt", async () => {
      const connection = await story.session.dedicate();
      // Nobody reads it, so that nothing is acknowledged after the first megabytes.
      await snapshotStream(connection, "CUT", { bufferBytes: 1 });
      const retries: string[] = [];
      const { manifest } = await backupStream(story.session, {
        ...options("CUT"),
        directory: story.path("AFTER-ANOTHER"),
        attempts: 1,
        onEvent: (event) => void (event.kind === "retry" && retries.push(event.reason)),
      });
      assert.deepEqual([manifest.attempts, retries], [1, []]);
      await connection.close();
    });

    it("F07: a server that is gone for good is an error, and nothing is left behind", async () => {
      const { proxy, session } = await story.through({}, "2s");
      const cut = proxy.cutAfter("toClient", 3 * mebibyte);
      const backup = backupStream(session, { ...options("RESTARTED"), idleTimeoutMs: 2_000, comingBackMs: 3_000 });
      const refused = assert.rejects(backup, (error) => isRelightError(error) && error.exitCode === 14);
      await cut;
      proxy.refuse();
      await refused;
      assert.deepEqual(left("RESTARTED"), []);
    });
  });

  describe(`a nats-server ${version} that is restarted in mid-snapshot`, () => {
    it("F07: is asked again once it is back, and the backup is proven", async () => {
      await using story = await StoryServer.start(version);
      await story.fill("RESTARTED", size);
      const { proxy, session } = await story.through({}, "5s");
      const stalled = proxy.stallAfter("toClient", 3 * mebibyte);
      const backup = backupStream(session, {
        stream: "RESTARTED",
        directory: story.path("RESTARTED"),
        tool,
      });
      await stalled;
      await story.server.kill();
      proxy.resume();
      await sleep(6_000);
      await story.server.launch();
      const { manifest } = await backup;
      assert.equal(manifest.attempts, 2);
      assert.equal(manifest.content.messages, size * 64);
    });
  });
}
