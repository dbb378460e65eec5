import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRelightError } from "../../errors.ts";
import { assertSameStream } from "../../testing/compare-streams.ts";
import { publishAll } from "../../testing/publish.ts";
import { readStream } from "../../testing/read-stream.ts";
import { type RelightRun, runRelight, summaryOf } from "../../testing/relight-process.ts";
import { StoryServer } from "../../testing/story-server.ts";
import { createStream, deleteMessage } from "../../testing/stream-setup.ts";

for (const version of ["2.9", "2.10", "2.14"]) {
  describe(`F04: a stream in memory, of which nats-server ${version} makes no snapshot`, () => {
    it("is in the account's backup all the same, beside the others, and comes back", async () => {
      await using story = await StoryServer.start(version);
      const { nc, session } = story;
      for (const [name, storage] of [
        ["CACHE", "memory"],
        ["ORDERS", "file"],
      ] as const) {
        await createStream(nc, { name, subjects: [`${name}.>`], storage });
        const messages = Array.from({ length: 60 }, (_, index) => ({
          subject: `${name}.${index % 5}`,
          payload: `${index}`,
        }));
        await publishAll(nc, messages);
        await deleteMessage(nc, name, 30, false);
      }
      const snapshot = { deliver_subject: "_INBOX.nobody", no_consumers: false, chunk_size: 131_072 };
      await assert.rejects(
        session.api.request("STREAM.SNAPSHOT.CACHE", snapshot),
        (error) => isRelightError(error) && error.context.errCode === 10_064,
      );

      const before = await Promise.all([readStream(nc, "CACHE"), readStream(nc, "ORDERS")]);
      const relight = (...args: string[]): Promise<RelightRun> =>
        runRelight(story.directory, [...args, "-s", story.server.url, "--no-progress", "--json"]);
      const backup = await relight("account", "backup", story.path("all"));
      assert.equal(backup.code, 0, backup.stderr);
      const { streams } = summaryOf(backup) as { streams: { stream: string; manifest: { notes: string[] } }[] };
      assert.match(streams.find(({ stream }) => stream === "CACHE")?.manifest.notes.join() ?? "", /message by message/);
      for (const name of ["CACHE", "ORDERS"]) await session.api.deleteStream(name);
      const restored = await relight("account", "restore", story.path("all"));
      assert.equal(restored.code, 0, restored.stderr);
      const [cache, orders] = before;
      assertSameStream(orders, await readStream(nc, "ORDERS"), { created: true });
      // From 2.12 on the server copies what is in memory, with its times; before, it is published anew.
      const times = version === "2.14" ? {} : { messageTimes: true, streamState: ["first_ts", "last_ts"] };
      assertSameStream(cache, await readStream(nc, "CACHE"), times);
    });
  });
}
