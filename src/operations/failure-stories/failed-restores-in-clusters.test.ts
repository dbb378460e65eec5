import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isRelightError } from "../../errors.ts";
import type { Session } from "../../jetstream/session.ts";
import type { LocalCluster } from "../../local/local-cluster.ts";
import { assertSameStream } from "../../testing/compare-streams.ts";
import { fillStream } from "../../testing/fill.ts";
import { openTestSession } from "../../testing/open-test-session.ts";
import { publishAll } from "../../testing/publish.ts";
import { readStream } from "../../testing/read-stream.ts";
import { StoryCluster } from "../../testing/story-cluster.ts";
import { createStream } from "../../testing/stream-setup.ts";
import { TcpProxy } from "../../testing/tcp-proxy.ts";
import { backupStream } from "../stream-backup/backup-stream.ts";
import { readBackup } from "../stream-restore/read-backup.ts";
import { restoreStreams } from "../stream-restore/restore-streams.ts";

const tool = "relight test";

const isLong = process.env.RELIGHT_LONG === "1";
/** Versions and numbers of replicas. */
const clusters = isLong ? { "2.15": [1, 3], "2.14": [1, 3], "2.12": [1, 3], "2.10": [1, 3] } : { "2.15": [3] };

for (const [version, counts] of Object.entries(clusters)) {
  describe(`an upload that is cut in a cluster of nats-server ${version}`, () => {
    let story: StoryCluster;
    let cluster: LocalCluster;
    let session: Session;
    let directory: string;
    before(async () => {
      story = await StoryCluster.start(version);
      ({ cluster, session, directory } = story);
    });
    after(() => story?.[Symbol.asyncDispose]());

    for (const replicas of counts) {
      it(`F21: leaves nothing, and a second run succeeds, with ${replicas} of ${replicas} replicas`, async () => {
        const { connection: nc } = session.api;
        const name = `CUT${replicas}`;
        await createStream(nc, { name, subjects: [`${name}.>`], num_replicas: replicas });
        const subjects = [`${name}.a`, `${name}.b`];
        await fillStream(nc, name, { messages: 512, size: 16 * 1024, kind: "random", subjects });
        const original = await readStream(nc, name);
        const path = join(directory, name);
        await backupStream(session, { stream: name, directory: path, tool });
        await session.api.deleteStream(name);

        const [first = ""] = cluster.urls;
        await using proxy = await TcpProxy.start({ targetPort: Number(new URL(first).port) });
        await using far = await openTestSession(proxy.url, "5s");
        const stored = await readBackup(path);
        const [failed] = await restoreStreams(far, {
          stored,
          wishes: { ifExists: "fail" },
          tool,
          onEvent: (event) => {
            if (event.kind === "planned") proxy.cutAfter("toServer", 3 * 2 ** 20);
          },
        });
        assert.ok(
          failed?.status === "failed" && isRelightError(failed.error, "CONNECTION_LOST"),
          JSON.stringify(failed),
        );
        assert.equal(failed.error.context.left, undefined, failed.error.message);
        // The meta group hears of a deletion a moment later everywhere.
        for (let tries = 0; tries < 20 && (await session.api.streamNames()).includes(name); tries++) await sleep(250);
        assert.deepEqual(await session.api.streamNames(), []);

        const [second] = await restoreStreams(session, { stored, wishes: { ifExists: "fail" }, tool });
        assert.equal(second?.status, "restored", JSON.stringify(second));
        assertSameStream(original, await readStream(nc, name));
        await session.api.deleteStream(name);
      });
    }

    it("says what decides where a stream can be, where no server can take it", async () => {
      const { connection: nc } = session.api;
      await createStream(nc, { name: "PLACED", subjects: ["placed.>"] });
      await fillStream(nc, "PLACED", { messages: 10, size: 300, kind: "json", subjects: ["placed.a"] });
      const path = join(directory, "placed");
      await backupStream(session, { stream: "PLACED", directory: path, tool });
      await session.api.deleteStream("PLACED");
      const stored = await readBackup(path);
      const [result] = await restoreStreams(session, { stored, wishes: { ifExists: "fail", tags: ["nowhere"] }, tool });
      assert.ok(result?.status === "failed" && isRelightError(result.error, "RESTORE_FAILED"), JSON.stringify(result));
      assert.match(result.error.message, /no suitable peers/);
      assert.match(result.error.hint, /No server that answers can take it: .*tags/);
      assert.deepEqual(await session.api.streamNames(), []);
    });

    if (version === "2.15") {
      it("V1-78 of an origin and of what copies from it: both are put back, and nothing is copied a second time", async () => {
        const { connection: nc } = session.api;
        await createStream(nc, { name: "ORIGIN", subjects: ["origin.>"] });
        await createStream(nc, { name: "COPY", subjects: ["copy.>"], sources: [{ name: "ORIGIN" }] });
        const copied = async (count: number): Promise<void> => {
          for (let tries = 0; tries < 150; tries++) {
            if ((await session.api.streamInfo("COPY")).state.messages >= count) return;
            await sleep(100);
          }
          throw new Error(`COPY does not get to ${count} messages`);
        };
        await fillStream(nc, "ORIGIN", { messages: 300, size: 16 * 1024, kind: "random", subjects: ["origin.a"] });
        await publishAll(nc, [{ subject: "copy.own", payload: "its own" }]);
        await copied(301);
        for (const name of ["ORIGIN", "COPY"]) {
          await backupStream(session, { stream: name, directory: join(directory, "both", name), tool });
        }
        await publishAll(nc, [{ subject: "origin.b", payload: "later" }]);
        await copied(302);
        const before = await readStream(nc, "COPY");

        const aborted = new AbortController();
        const events: string[] = [];
        const results = await restoreStreams(session, {
          stored: await readBackup(join(directory, "both")),
          wishes: { ifExists: "replace" },
          tool,
          safetyDirectory: join(directory, "safety"),
          signal: aborted.signal,
          onEvent: (event) => {
            if (event.kind === "put-back") events.push(event.stream);
            if (event.kind === "sending" && event.stream === "ORIGIN") aborted.abort();
          },
        });
        assert.deepEqual(
          results.map(({ status }) => status),
          ["failed", "failed"],
        );
        assert.deepEqual(events, ["ORIGIN", "COPY"]);
        assert.equal((await session.api.streamInfo("ORIGIN")).state.messages, 301);
        assertSameStream(before, await readStream(nc, "COPY"));
        // What would be copied again is there before what is new.
        await publishAll(nc, [{ subject: "origin.c", payload: "new" }]);
        await copied(303);
        assert.equal((await session.api.streamInfo("COPY")).state.messages, 303);
        for (const name of ["COPY", "ORIGIN"]) await session.api.deleteStream(name);
      });
    }
  });
}
