import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Session } from "../../jetstream/session.ts";
import { LocalServer } from "../../local/local-server.ts";
import { assertSameStream } from "../../testing/compare-streams.ts";
import { openTestSession } from "../../testing/open-test-session.ts";
import { readStream, type StreamContents } from "../../testing/read-stream.ts";
import { StoryServer } from "../../testing/story-server.ts";
import { deleteMessage } from "../../testing/stream-setup.ts";
import { backupStream } from "../stream-backup/backup-stream.ts";
import { readBackup } from "./read-backup.ts";
import { restoreStreams } from "./restore-streams.ts";

/** All that a server says of what a stream holds, with each subject's count and each missing sequence. */
async function stateOf({ api }: Session): Promise<unknown> {
  const { state } = await api.request<{ state: unknown }>("STREAM.INFO.ORDERS", {
    deleted_details: true,
    subjects_filter: ">",
  });
  return state;
}

/** A backup of format v2 with several blocks, many subjects, and gaps of all kinds. */
describe("the index.db that a restore brings along", () => {
  let source: StoryServer;
  let contents: StreamContents;
  before(async () => {
    source = await StoryServer.start("2.15");
    await source.fill("ORDERS", 26);
    for (const sequence of [2, 3, 700, 701, 702, 1663]) await deleteMessage(source.nc, "ORDERS", sequence, false);
    // Every eighth up to there, then a run.
    await source.session.api.request("STREAM.PURGE.ORDERS", { filter: "ORDERS.5", seq: 600 });
    for (let sequence = 801; sequence <= 820; sequence++) await deleteMessage(source.nc, "ORDERS", sequence, false);
    contents = await readStream(source.nc, "ORDERS");
    await backupStream(source.session, { stream: "ORDERS", directory: source.path("backup"), tool: "relight test" });
  });
  after(() => source[Symbol.asyncDispose]());

  for (const version of ["2.10", "2.12", "2.14", "2.15"]) {
    it(`V1-76 says on ${version} just what the server finds without it, and spares it the look at every block`, async () => {
      await using server = await LocalServer.start({ version });
      const index = join(server.storeDirectory, "jetstream", "$G", "streams", "ORDERS", "msgs", "index.db");
      let restored: unknown;
      {
        await using session = await openTestSession(server.url);
        const [result] = await restoreStreams(session, {
          stored: await readBackup(source.path("backup")),
          wishes: { ifExists: "fail" },
          tool: "relight test",
        });
        assert.equal(result?.status, "restored", JSON.stringify(result));
        assert.equal(result.plan.route, "as-v1");
        restored = await stateOf(session);
      }
      assert.equal((await readFile(index)).subarray(0, 2).toString("hex"), "0b01", "ours, of version 1");
      assert.doesNotMatch(await readFile(server.logPath, "utf8"), /state from index|stream state/i);

      await server.kill();
      await rm(index);
      await server.launch();
      await using session = await openTestSession(server.url);
      assert.deepEqual(await stateOf(session), restored);
      assertSameStream(contents, await readStream(session.api.connection, "ORDERS"), { created: true });
    });
  }
});
