import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { publishAll } from "../../testing/publish.ts";
import { type RelightRun, runRelight } from "../../testing/relight-process.ts";
import { StoryServer } from "../../testing/story-server.ts";
import { createStream, deleteMessage } from "../../testing/stream-setup.ts";

interface KeyLine {
  readonly key: string;
  readonly revision: number;
  readonly operation: string;
  readonly history: number;
}

for (const version of ["2.10", "2.15"]) {
  describe(`F54: mirrors of buckets on nats-server ${version}`, () => {
    let story: StoryServer;
    const relight = (...args: readonly string[]): Promise<RelightRun> => runRelight(story.directory, args);

    before(async () => {
      story = await StoryServer.start(version);
      const { nc } = story;
      await createStream(nc, { name: "KV_users", subjects: ["$KV.users.>"], max_msgs_per_subject: 3 });
      const puts = Array.from({ length: 40 }, (_, row) => ({
        subject: `$KV.users.team.${row % 10}`,
        payload: `v${row}`,
      }));
      await publishAll(nc, puts);
      await publishAll(nc, [{ subject: "$KV.users.team.3", headers: [["KV-Operation", "DEL"]] }]);
      // A mirror of the same name elsewhere keeps the origin's subjects, and so does one of another name.
      await createStream(nc, { name: "KV_copy", mirror: { name: "KV_users" } });
      const transform = { src: "$KV.users.>", dest: "$KV.renamed.>" };
      await createStream(nc, { name: "KV_renamed", mirror: { name: "KV_users", subject_transforms: [transform] } });
      for (const name of ["KV_copy", "KV_renamed"]) await caughtUp(name);
    });
    after(() => story[Symbol.asyncDispose]());

    async function caughtUp(name: string): Promise<void> {
      const origin = await story.session.api.streamInfo("KV_users");
      for (let tries = 0; tries < 100; tries++) {
        const { state } = await story.session.api.streamInfo(name);
        if (state.messages === origin.state.messages && state.last_seq === origin.state.last_seq) return;
        await sleep(100);
      }
      throw new Error(`${name} did not catch up`);
    }

    async function keysOf(stream: string): Promise<{ readonly keys: readonly KeyLine[]; readonly stderr: string }> {
      const path = story.path(stream);
      const made = await relight("stream", "backup", stream, path, "--server", story.server.url);
      assert.equal(made.code, 0, made.stderr);
      const run = await relight("archive", "ls", path, "--json");
      assert.equal(run.code, 0, run.stderr);
      const lines = run.stdout.split("\n").filter(Boolean);
      return { keys: lines.map((line) => JSON.parse(line) as KeyLine), stderr: run.stderr + made.stderr + made.stdout };
    }

    it("archive ls shows the keys of a mirror, as those of its origin, and says that the origin is to be backed up", async () => {
      const origin = await keysOf("KV_users");
      assert.equal(origin.keys.length, 10);
      assert.deepEqual(
        [origin.keys[3]?.key, origin.keys[3]?.operation, origin.keys[3]?.revision, origin.keys[3]?.history],
        ["team.3", "DEL", 41, 3],
      );
      assert.doesNotMatch(origin.stderr, /mirror/);
      for (const name of ["KV_copy", "KV_renamed"]) {
        const mirror = await keysOf(name);
        assert.deepEqual(mirror.keys, origin.keys, name);
        assert.match(mirror.stderr, new RegExp(`${name} is a mirror of KV_users: .* Back up KV_users itself`));
        assert.match(mirror.stderr, /this is a mirror of the bucket KV_users/, "said by the backup as well");
      }
    });

    it("a value that a mirror keeps after its origin has lost it is in the mirror's backup", async () => {
      await deleteMessage(story.nc, "KV_users", 40, false);
      const path = story.path("late");
      assert.equal((await relight("stream", "backup", "KV_copy", path, "--server", story.server.url)).code, 0);
      assert.equal((await relight("archive", "cat", path, "40")).stdout, "v39");
    });
  });
}
