import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { flipBit } from "../../testing/damaged-copy.ts";
import { openTestSession } from "../../testing/open-test-session.ts";
import { StoryServer } from "../../testing/story-server.ts";
import { createConsumer, createStream } from "../../testing/stream-setup.ts";
import { backupConfiguration, type ConfigurationBackupResult } from "./backup-configuration.ts";

const statuses = (results: readonly ConfigurationBackupResult[]): Record<string, string> =>
  Object.fromEntries(results.map((result) => [result.stream, result.status]));

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
