import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { StreamInfo } from "../../jetstream/api-types.ts";
import { jsRequest } from "../../testing/js-request.ts";
import { LiveModel } from "../../testing/live-model.ts";
import { StoryServer } from "../../testing/story-server.ts";
import { createStream, deleteMessage, publishNumbered, purgeStream } from "../../testing/stream-setup.ts";
import { editArchive } from "../archive-edit/edit-archive.ts";
import { backupStream } from "../stream-backup/backup-stream.ts";
import { readBackup } from "../stream-restore/read-backup.ts";
import { restoreStreams } from "../stream-restore/restore-streams.ts";

const tool = "relight test";
const name = "PURGED";

// 2.10 writes no tombstones for what it purges up to a sequence, newer ones do; 2.15 writes archives without dead messages.
for (const version of ["2.10", "2.12", "2.15"]) {
  describe(`a stream that was purged up to its last sequence, which was deleted, on nats-server ${version}`, () => {
    it("V1-39 comes back empty: its own index still lists what was purged", async () => {
      await using story = await StoryServer.start(version);
      const { nc, session } = story;
      await createStream(nc, { name, subjects: ["purged.>"] });
      await publishNumbered(nc, new LiveModel(), 100, () => "purged.a");
      for (const sequence of [99, 100]) await deleteMessage(nc, name, sequence, false);
      await purgeStream(nc, name, { seq: 100 });
      const { manifest } = await backupStream(session, { stream: name, directory: story.path("own"), tool });
      assert.deepEqual([manifest.content.messages, manifest.content.streamLastSequence], [0, 100]);
      const [own] = await readBackup(story.path("own"));
      assert.ok(own);
      for (const format of ["v1", "v2"] as const) {
        await editArchive(own, { spec: {}, format, tool, target: story.path(format) });
      }
      for (const directory of ["own", "v1", "v2"]) {
        await jsRequest(nc, `STREAM.DELETE.${name}`);
        const [result] = await restoreStreams(session, {
          stored: await readBackup(story.path(directory)),
          wishes: { ifExists: "fail" },
          tool,
        });
        assert.equal(result?.status, "restored", JSON.stringify(result));
        const { state } = await jsRequest<StreamInfo>(nc, `STREAM.INFO.${name}`);
        assert.deepEqual([state.messages, state.last_seq], [0, 100], directory);
      }
    });
  });
}
