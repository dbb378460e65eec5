import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRelightError } from "../../errors.ts";
import { assertSameStream } from "../../testing/compare-streams.ts";
import { publishAll } from "../../testing/publish.ts";
import { readStream } from "../../testing/read-stream.ts";
import { StoryServer } from "../../testing/story-server.ts";
import { createStream, deleteMessage } from "../../testing/stream-setup.ts";
import { readBackup } from "../stream-restore/read-backup.ts";
import { restoreStreams } from "../stream-restore/restore-streams.ts";
import { salvageStream } from "./salvage-stream.ts";

const tool = "relight test";
const bytesOfAllKinds = Uint8Array.from({ length: 512 }, (_, i) => i % 256);

// That nobody leads the stream is for the test of `cluster apply`: here it is read in the same way, and compared.
for (const version of ["2.9", "2.10", "2.15"]) {
  describe(`a stream that is read by direct get, nats-server ${version}`, { timeout: 120_000 }, () => {
    it("comes back on the same server with headers and payloads byte for byte, gaps, sequences and times", async () => {
      await using story = await StoryServer.start(version);
      await createStream(story.nc, { name: "S", subjects: ["s.>"], allow_direct: true });
      await publishAll(story.nc, [
        { subject: "s.binary", payload: bytesOfAllKinds },
        { subject: "s.empty" },
        {
          subject: "s.headers",
          payload: "x",
          headers: [
            ["X-One", "1"],
            ["X-One", "2"],
            ["x-lower", "  spaces  "],
          ],
        },
        { subject: "s.ünicode", payload: "z" },
        { subject: "s.large", payload: new Uint8Array(900_000).fill(7) },
        ...Array.from({ length: 300 }, (_, index) => ({ subject: `s.${index % 7}`, payload: `message ${index}` })),
      ]);
      for (let sequence = 20; sequence < 220; sequence++) await deleteMessage(story.nc, "S", sequence, false);
      const original = await readStream(story.nc, "S");

      const directory = story.path("saved");
      const manifest = await salvageStream(story.session, { stream: "S", directory, lastSeq: 305, tool });
      assert.deepEqual([manifest.content.messages, manifest.content.streamLastSequence], [105, 305]);
      const way = version === "2.15" ? "direct-get" : "single-direct-get";
      assert.match(
        manifest.notes[0] ?? "",
        new RegExp(`\\(${way}\\), because the stream has no leader, without its consumers`),
      );

      await story.session.api.deleteStream("S");
      const stored = await readBackup(directory);
      const [result] = await restoreStreams(story.session, { stored, wishes: { ifExists: "fail" }, tool });
      assert.equal(result?.status, "restored", JSON.stringify(result));
      assertSameStream(original, await readStream(story.nc, "S"));
    });

    it("is refused where who answers has less than another replica, or gives no direct get, and nothing is left behind", async () => {
      await using story = await StoryServer.start(version);
      await createStream(story.nc, { name: "S", subjects: ["s.>"], allow_direct: true });
      await createStream(story.nc, { name: "MUTE", subjects: ["mute.>"] });
      await publishAll(story.nc, [
        { subject: "s.a", payload: "1" },
        { subject: "mute.a", payload: "1" },
      ]);
      const directory = story.path("saved");
      await assert.rejects(salvageStream(story.session, { stream: "S", directory, lastSeq: 2, tool }), (error) =>
        isRelightError(error, "SNAPSHOT_INCOMPLETE"),
      );
      // 2.9 does not even say that nobody answers, and is waited for.
      if (version !== "2.9") {
        await assert.rejects(salvageStream(story.session, { stream: "MUTE", directory, lastSeq: 1, tool }), (error) =>
          isRelightError(error, "SNAPSHOT_UNSUPPORTED"),
        );
      }
      await assert.rejects(readBackup(directory), (error) => isRelightError(error, "BACKUP_NOT_FOUND"));
    });
  });
}
