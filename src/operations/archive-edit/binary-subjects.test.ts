import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import { isRelightError } from "../../errors.ts";
import { type ReadMessage, readMessages } from "../../testing/read-messages.ts";
import { StoryServer } from "../../testing/story-server.ts";
import { createStream } from "../../testing/stream-setup.ts";
import { backupStream } from "../stream-backup/backup-stream.ts";
import { readBackup } from "../stream-restore/read-backup.ts";
import { restoreStreams } from "../stream-restore/restore-streams.ts";
import { editArchive } from "./edit-archive.ts";

const tool = "relight test";
const subjects = ["s.\xff\xfe.x", "s.\xff.x", "s.gr\xc3\xb6\xc3\x9fe", "other.\xc3"];

/** Publishes as a client does that does not look at what its subjects are. Latin 1. */
async function publishRaw(port: number, names: readonly string[]): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  const answered = new Promise<void>((resolve, reject) => {
    let text = "";
    socket.on("error", reject).on("data", (data) => {
      text += data.toString("latin1");
      if (text.includes("PONG")) resolve();
    });
  });
  const messages = names.map((name, index) => `PUB ${name} 1\r\n${index}\r\n`).join("");
  socket.write(Buffer.from(`CONNECT {"verbose":false}\r\n${messages}PING\r\n`, "latin1"));
  await answered;
  socket.end();
  await once(socket, "close");
}

async function takeAway(story: StoryServer, name: string): Promise<readonly ReadMessage[]> {
  const { manifest } = await backupStream(story.session, { stream: "S", directory: story.path(name), tool });
  return readMessages(await readFile(join(story.path(name), manifest.archive.name)));
}

for (const version of ["2.10", "2.15"]) {
  describe(`subjects that are no UTF-8, on nats-server ${version}`, () => {
    it("keep their bytes through a backup, new names of others and of their first tokens, and a restore", async () => {
      await using story = await StoryServer.start(version);
      await createStream(story.nc, { name: "S", subjects: ["s.>", "other.>"] });
      await publishRaw(story.server.port, subjects);
      const before = await takeAway(story, "before");
      assert.deepEqual(
        before.map(({ subject }) => subject),
        subjects,
      );
      const [stored] = await readBackup(story.path("before"));
      assert.ok(stored);
      const edited = story.path("edited");
      await editArchive(stored, { spec: { subjectRules: [{ from: "s.>", to: "t.>" }] }, tool, target: edited });
      await story.session.api.request("STREAM.DELETE.S", {});
      const [result] = await restoreStreams(story.session, {
        stored: await readBackup(edited),
        wishes: { ifExists: "fail" },
        tool,
      });
      assert.equal(result?.status, "restored", JSON.stringify(result));
      const renamed = before.map((message) => ({ ...message, subject: message.subject.replace(/^s\./, "t.") }));
      assert.deepEqual(await takeAway(story, "after"), renamed);
    });
  });
}

describe("subjects that are no UTF-8, of a stream in memory", () => {
  it("are not published under another one where a server takes no archive of a stream in memory", async () => {
    await using story = await StoryServer.start("2.10");
    await createStream(story.nc, { name: "S", subjects: ["s.>", "other.>"], storage: "memory" });
    await publishRaw(story.server.port, subjects);
    await takeAway(story, "before");
    await story.session.api.request("STREAM.DELETE.S", {});
    const [result] = await restoreStreams(story.session, {
      stored: await readBackup(story.path("before")),
      wishes: { ifExists: "fail" },
      tool,
    });
    assert.equal(result?.status, "failed", JSON.stringify(result));
    assert.ok(isRelightError(result.error, "RESTORE_FAILED"));
    assert.match(result.error.message, /the subject of message 1 is no UTF-8/);
    assert.deepEqual(await story.session.api.streamNames(), [], "nothing is left");
  });
});
