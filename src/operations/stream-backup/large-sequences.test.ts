import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { describe, it } from "node:test";
import { isRelightError } from "../../errors.ts";
import { StoryServer } from "../../testing/story-server.ts";
import { createStream } from "../../testing/stream-setup.ts";
import { backupStream } from "./backup-stream.ts";

for (const version of ["2.12", "2.15"]) {
  describe(`a stream whose sequences are beyond 2^53, on nats-server ${version}`, () => {
    it("is refused before anything is read, and nobody is told that its server damaged it", async () => {
      await using story = await StoryServer.start(version);
      // A number of 2^60 as JSON has it, which is exact there.
      await createStream(story.nc, { name: "FAR", subjects: ["far"], first_seq: 2 ** 60 });
      await assert.rejects(
        backupStream(story.session, { stream: "FAR", directory: story.path("far"), tool: "relight test" }),
        (error) => isRelightError(error, "SNAPSHOT_UNSUPPORTED") && /2\^53/.test(error.message),
      );
      assert.ok(!existsSync(story.path("far")));
    });
  });
}
