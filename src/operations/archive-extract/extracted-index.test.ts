import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { parseServerVersion } from "../../jetstream/server-version.ts";
import type { Session } from "../../jetstream/session.ts";
import { LocalServer } from "../../local/local-server.ts";
import { assertSameStream } from "../../testing/compare-streams.ts";
import { openTestSession } from "../../testing/open-test-session.ts";
import { readStream, type StreamContents } from "../../testing/read-stream.ts";
import { StoryServer } from "../../testing/story-server.ts";
import { deleteMessage } from "../../testing/stream-setup.ts";
import { backupStream } from "../stream-backup/backup-stream.ts";
import { readBackup } from "../stream-restore/read-backup.ts";
import { type ExtractOptions, extractArchive } from "./extract-archive.ts";

const msgs = ["jetstream", "$G", "streams", "ORDERS", "msgs"];

/** All that a server says of what a stream holds, with each subject's count and each missing sequence. */
async function stateOf({ api }: Session): Promise<unknown> {
  const { state } = await api.request<{ state: unknown }>("STREAM.INFO.ORDERS", {
    deleted_details: true,
    subjects_filter: ">",
  });
  return state;
}

/** A backup with several blocks and gaps, extracted. */
describe("the index.db that an extraction brings along", () => {
  let source: StoryServer;
  let contents: StreamContents;
  before(async () => {
    source = await StoryServer.start("2.15");
    await source.fill("ORDERS", 18);
    for (const sequence of [2, 3, 700, 701, 702]) await deleteMessage(source.nc, "ORDERS", sequence, false);
    await source.session.api.request("STREAM.PURGE.ORDERS", { filter: "ORDERS.5", seq: 600 });
    contents = await readStream(source.nc, "ORDERS");
    await backupStream(source.session, { stream: "ORDERS", directory: source.path("backup"), tool: "relight test" });
  });
  after(() => source[Symbol.asyncDispose]());

  const extract = async (options: ExtractOptions): Promise<void> => {
    const [stored] = await readBackup(source.path("backup"));
    assert.ok(stored);
    await extractArchive(stored, options);
  };

  for (const release of ["2.10", "2.12", "2.14", "2.15"]) {
    it(`V1-76 says to ${release} just what it finds without it; what came after is there after a kill -9`, async () => {
      await using server = await LocalServer.start({ version: release });
      await server.terminate("SIGTERM");
      const version = parseServerVersion(server.version);
      assert.ok(version);
      await extract({ storeDirectory: server.storeDirectory, version });
      const index = join(server.storeDirectory, ...msgs, "index.db");
      const ours = await readFile(index);
      assert.equal(ours.subarray(0, 2).toString("hex"), "0b01");

      await server.launch();
      // At once, before the server has written anything of its own.
      await server.kill();
      assert.deepEqual(await readFile(index), ours);
      await server.launch();
      let taken: unknown;
      {
        await using session = await openTestSession(server.url);
        taken = await stateOf(session);
        assertSameStream(contents, await readStream(session.api.connection, "ORDERS"), { created: true });
      }
      assert.doesNotMatch(await readFile(server.logPath, "utf8"), /state from index|stream state/i);

      await server.kill();
      await rm(index);
      await server.launch();
      await using session = await openTestSession(server.url);
      assert.deepEqual(await stateOf(session), taken);
      await server.terminate("SIGTERM");

      // An index that the blocks have overtaken: messages and deletes since, and no chance to write them down.
      await rm(join(server.storeDirectory, "jetstream", "$G", "streams", "ORDERS"), { recursive: true });
      await extract({ storeDirectory: server.storeDirectory, version });
      await server.launch();
      let before: unknown;
      {
        await using later = await openTestSession(server.url);
        await later.api.connection.request("ORDERS.new", "one more");
        for (const sequence of [10, 1152]) await deleteMessage(later.api.connection, "ORDERS", sequence, false);
        before = await stateOf(later);
      }
      await server.kill();
      await server.launch();
      await using again = await openTestSession(server.url);
      assert.deepEqual(await stateOf(again), before);
    });
  }

  it("is not written for 2.9, which does not read it, nor where nothing tells the server's version", async () => {
    await using server = await LocalServer.start({ version: "2.9" });
    await server.terminate("SIGTERM");
    await extract({ storeDirectory: server.storeDirectory });
    assert.ok(!existsSync(join(server.storeDirectory, ...msgs, "index.db")));
    await server.launch();
    {
      await using session = await openTestSession(server.url);
      assertSameStream(contents, await readStream(session.api.connection, "ORDERS"), { created: true });
    }
    await server.terminate("SIGTERM");
    await rm(join(server.storeDirectory, "jetstream", "$G", "streams", "ORDERS"), { recursive: true });
    await extract({
      storeDirectory: server.storeDirectory,
      version: { major: 2, minor: 9, patch: 25, text: "2.9.25" },
    });
    assert.ok(!existsSync(join(server.storeDirectory, ...msgs, "index.db")));
  });

  it("is written where another stream's index says that the server reads them", async () => {
    await using story = await StoryServer.start("2.14");
    await story.fill("OTHER", 1);
    const { server } = story;
    await server.terminate("SIGTERM");
    await extract({ storeDirectory: server.storeDirectory });
    assert.ok(existsSync(join(server.storeDirectory, ...msgs, "index.db")));
    await server.launch();
  });

  it("does no harm to a server of 2.9 that is started all the same", async () => {
    await using server = await LocalServer.start({ version: "2.9" });
    await server.terminate("SIGTERM");
    await extract({
      storeDirectory: server.storeDirectory,
      version: { major: 2, minor: 10, patch: 0, text: "2.10.0" },
    });
    await server.launch();
    for (let start = 0; start < 2; start++) {
      {
        await using session = await openTestSession(server.url);
        assertSameStream(contents, await readStream(session.api.connection, "ORDERS"), { created: true });
      }
      await server.kill();
      await server.launch();
    }
  });
});
