import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { assertSameStream } from "../../testing/compare-streams.ts";
import { flipBit } from "../../testing/damaged-copy.ts";
import { openTestSession } from "../../testing/open-test-session.ts";
import { publishAll } from "../../testing/publish.ts";
import { readStream } from "../../testing/read-stream.ts";
import { StoryServer } from "../../testing/story-server.ts";
import { createConsumer, createStream, deleteMessage } from "../../testing/stream-setup.ts";
import { readConfiguration } from "../account-restore/read-configuration.ts";
import { restoreConfiguration } from "../account-restore/restore-configuration.ts";
import { backupConfiguration, type ConfigurationBackupResult } from "./backup-configuration.ts";

const statuses = (results: readonly ConfigurationBackupResult[]): Record<string, string> =>
  Object.fromEntries(results.map((result) => [result.stream, result.status]));

for (const version of ["2.9", "2.12", "2.15"]) {
  describe(`the configuration layout with data, of a stream that nats-server ${version} keeps in memory`, () => {
    it("holds its messages too: restored into memory, and taken up in files by a server that was stopped", async () => {
      await using story = await StoryServer.start(version);
      const { nc, session } = story;
      await createStream(nc, { name: "CACHE", subjects: ["CACHE.>"], storage: "memory" });
      await createConsumer(nc, "CACHE", { durable_name: "reader" });
      const messages = Array.from({ length: 60 }, (_, row) => ({ subject: `CACHE.${row % 5}`, payload: `${row}` }));
      await publishAll(nc, messages);
      for (const sequence of [30, 60]) await deleteMessage(nc, "CACHE", sequence, false);
      const original = await readStream(nc, "CACHE");
      const directory = story.path("config");
      const [made] = await backupConfiguration(session, { directory, data: true });
      assert.ok(made?.status === "backed-up", JSON.stringify(made));
      assert.ok(made.files.includes("stream_CACHE.tgz"));
      assert.match(made.notes.join(), /kept in memory: relight account restore puts it back there/);

      await session.api.deleteStream("CACHE");
      const { streams } = await readConfiguration(directory);
      const [restored] = await restoreConfiguration(session, { streams, updateStreams: false, tool: "test" });
      assert.equal(restored?.status, "restored", restored?.error?.message);
      const back = await readStream(nc, "CACHE");
      assert.equal(back.info.config.storage, "memory");
      const anew = version === "2.9" ? { messageTimes: true, streamState: ["first_ts", "last_ts"] } : {};
      assertSameStream(original, back, { streamState: ["last_ts"], ...anew });

      await session.api.deleteStream("CACHE");
      await story.server.terminate("SIGTERM");
      const store = join(story.server.storeDirectory, "jetstream", "$G", "streams", "CACHE");
      mkdirSync(store, { recursive: true });
      execFileSync("tar", ["-xzf", join(directory, "stream_CACHE.tgz"), "-C", store]);
      await story.server.launch();
      await using again = await openTestSession(story.server.url);
      const taken = await readStream(again.api.connection, "CACHE");
      assertSameStream(original, taken, { created: true, streamConfig: ["storage"], streamState: ["last_ts"] });
    });
  });
}

describe("the configuration layout, where names of streams look like those of consumers", () => {
  it("never lets a file of one stand for the other", async () => {
    await using story = await StoryServer.start("2.15");
    const { nc, session } = story;
    await createStream(nc, { name: "A", subjects: ["a"] });
    await createConsumer(nc, "A", { durable_name: "X" });
    await createStream(nc, { name: "A_consumer_X", subjects: ["x"] });
    const directory = story.path("config");
    const results = await backupConfiguration(session, { directory, data: false });
    assert.deepEqual(statuses(results), { A: "backed-up", A_consumer_X: "failed" });
    const failed = results.find((result) => result.status === "failed");
    assert.match(failed?.error.message ?? "", /stream_A_consumer_X\.json/);
    assert.match(failed?.error.hint ?? "", /--layout directories/);
    assert.deepEqual(readdirSync(directory).sort(), ["stream_A.json", "stream_A_consumer_X.json"]);
    const kept = JSON.parse(readFileSync(join(directory, "stream_A_consumer_X.json"), "utf8")) as { type: string };
    assert.equal(kept.type, "consumer");
  });

  it("removes only its own files where a stream fails", async () => {
    await using story = await StoryServer.start("2.14");
    // Two blocks, so that the damage is not in the last one, which a server looks at when it starts.
    await story.fill("A", 12);
    await createConsumer(story.nc, "A", { durable_name: "Y" });
    await story.fill("A_consumer_X", 1);
    await story.server.terminate("SIGTERM");
    const store = join(story.server.storeDirectory, "jetstream", "$G", "streams", "A", "msgs");
    await flipBit(join(store, "1.blk"), 5 * 16_422 + 4_000);
    await story.server.launch();
    await using session = await openTestSession(story.server.url);
    const directory = story.path("config");
    const results = await backupConfiguration(session, { directory, data: true });
    assert.deepEqual(statuses(results), { A: "failed", A_consumer_X: "backed-up" });
    assert.deepEqual(readdirSync(directory).sort(), ["stream_A_consumer_X.json", "stream_A_consumer_X.tgz"]);
  });
});
