/** A backup that is taken while Relight itself reads the stream through short-lived consumers. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fillStream } from "../../testing/fill.ts";
import { StoryServer } from "../../testing/story-server.ts";
import { createConsumer, createStream } from "../../testing/stream-setup.ts";
import { aimConsumer } from "../cluster-verify/aim-consumer.ts";
import { readBackup } from "../stream-restore/read-backup.ts";
import { restoreStreams } from "../stream-restore/restore-streams.ts";
import { backupStream } from "./backup-stream.ts";

const tool = "relight test";

for (const version of ["2.10", "2.15"]) {
  describe(`a backup of a stream that is being verified, nats-server ${version}`, { timeout: 60_000 }, () => {
    for (const storage of ["file", "memory"] as const) {
      it(`has the consumers of the stream, and none of Relight's own: ${storage}`, async () => {
        await using story = await StoryServer.start(version);
        await createStream(story.nc, { name: "ORDERS", subjects: ["orders.>"], storage });
        await fillStream(story.nc, "ORDERS", { messages: 50, size: 300, kind: "json", subjects: ["orders.a"] });
        await createConsumer(story.nc, "ORDERS", { durable_name: "work" });
        const { api } = story.session;
        const aimed = await aimConsumer({ api, stream: "ORDERS", server: "", replicas: 1, from: 1 });
        assert.equal(aimed.kind, "aimed");
        const before = (await api.consumers("ORDERS")).consumers.map(({ name }) => name);
        assert.equal(before.length, 2, before.join());

        const { manifest } = await backupStream(story.session, {
          stream: "ORDERS",
          directory: story.path("backup"),
          tool,
        });
        assert.deepEqual(
          manifest.consumers.map(({ name }) => name),
          ["work"],
        );
        assert.deepEqual(
          manifest.notes.filter((note) => /relight_verify/.test(note)),
          [],
        );
        await api.deleteStream("ORDERS");
        const stored = await readBackup(story.path("backup"));
        const [result] = await restoreStreams(story.session, { stored, wishes: { ifExists: "fail" }, tool });
        assert.equal(result?.status, "restored", JSON.stringify(result));
        const { consumers } = await api.consumers("ORDERS");
        assert.deepEqual(
          consumers.map(({ name }) => name),
          ["work"],
        );
      });
    }
  });
}
