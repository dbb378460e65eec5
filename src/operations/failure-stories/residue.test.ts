import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { jsRequest } from "../../testing/js-request.ts";
import { publishAll } from "../../testing/publish.ts";
import { readStream } from "../../testing/read-stream.ts";
import { StoryServer } from "../../testing/story-server.ts";
import { createConsumer, createStream } from "../../testing/stream-setup.ts";
import { backupStream } from "../stream-backup/backup-stream.ts";
import { readBackup } from "../stream-restore/read-backup.ts";
import { restoreStreams } from "../stream-restore/restore-streams.ts";

const tool = "relight test";

describe("what others leave in a snapshot", () => {
  let story: StoryServer;
  let older: StoryServer;
  before(async () => {
    [story, older] = await Promise.all([StoryServer.start("2.15"), StoryServer.start("2.10")]);
  });
  after(async () => {
    await story[Symbol.asyncDispose]();
    await older[Symbol.asyncDispose]();
  });

  it("F56: a watcher's ordered consumer is not restored, others are", async () => {
    await createStream(story.nc, { name: "KV_watched", subjects: ["$KV.watched.>"], max_msgs_per_subject: 1 });
    await publishAll(
      story.nc,
      Array.from({ length: 20 }, (_, index) => ({ subject: `$KV.watched.k${index}`, payload: `${index}` })),
    );
    await createConsumer(story.nc, "KV_watched", { durable_name: "real" });
    // As a client's watch makes it.
    const config = {
      name: "watcher",
      ...{ ack_policy: "none", deliver_policy: "all", max_deliver: 1, mem_storage: true, num_replicas: 1 },
      inactive_threshold: 300_000_000_000,
    };
    await jsRequest(story.nc, "CONSUMER.CREATE.KV_watched.watcher", { stream_name: "KV_watched", config });
    const directory = story.path("watched");
    const { manifest } = await backupStream(story.session, { stream: "KV_watched", directory, tool });
    assert.deepEqual(manifest.content.consumers.map(({ name }) => name).sort(), ["real", "watcher"]);
    await story.session.api.deleteStream("KV_watched");
    for (const target of [story, older]) {
      const [result] = await restoreStreams(target.session, {
        stored: await readBackup(directory),
        wishes: { ifExists: "fail" },
        tool,
      });
      assert.ok(result?.status === "restored", JSON.stringify(result));
      assert.deepEqual(
        result.plan.consumerEdit.leaveOut.map(({ name }) => name),
        ["watcher"],
      );
      const { consumers, info } = await readStream(target.nc, "KV_watched");
      assert.deepEqual([consumers.map(({ name }) => name), info.state.messages], [["real"], 20]);
    }
  });

  for (const [from, to] of [
    ["2.9", "2.10"],
    ["2.10", "2.15"],
  ] as const) {
    it(`F24: after a restore from ${from} to ${to} every key of a bucket is to be had, not only listed`, async () => {
      await using story = await StoryServer.start(to);
      await using older = await StoryServer.start(from);
      await createStream(older.nc, {
        name: "KV_keys",
        subjects: ["$KV.keys.>"],
        max_msgs_per_subject: 3,
        allow_direct: true,
      });
      const puts = Array.from({ length: 60 }, (_, index) => ({
        subject: `$KV.keys.k${index % 20}`,
        payload: `v${index}`,
      }));
      await publishAll(older.nc, puts);
      const directory = older.path("keys");
      await backupStream(older.session, { stream: "KV_keys", directory, tool });
      const stored = await readBackup(directory);
      const [result] = await restoreStreams(story.session, { stored, wishes: { ifExists: "fail" }, tool });
      assert.ok(result?.status === "restored", JSON.stringify(result));
      const { state } = await story.session.api.streamInfo("KV_keys");
      assert.deepEqual([state.messages, state.num_subjects], [60, 20]);
      for (let key = 0; key < 20; key++) {
        const got = await story.nc.request(`$JS.API.DIRECT.GET.KV_keys.$KV.keys.k${key}`, "", { timeout: 5_000 });
        assert.equal(got.string(), `v${40 + key}`);
      }
    });
  }
});
