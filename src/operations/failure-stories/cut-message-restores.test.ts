import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { isRelightError } from "../../errors.ts";
import { restoreLeftover } from "../../jetstream/restore-leftovers.ts";
import { assertSameStream, type Tolerances } from "../../testing/compare-streams.ts";
import { fillStream } from "../../testing/fill.ts";
import { publishAll } from "../../testing/publish.ts";
import { readStream, type StreamContents } from "../../testing/read-stream.ts";
import { type ProxiedSession, StoryServer } from "../../testing/story-server.ts";
import { createConsumer, createStream, deleteMessage } from "../../testing/stream-setup.ts";
import { backupStream } from "../stream-backup/backup-stream.ts";
import { readBackup } from "../stream-restore/read-backup.ts";
import { restoreStreams, type StreamRestoreResult } from "../stream-restore/restore-streams.ts";

const tool = "relight test";
/** Of what a whole restore sends. */
const cutAt = process.env.RELIGHT_LONG === "1" ? [0.01, 0.05, 0.2, 0.4, 0.6, 0.8, 0.9, 0.97, 0.99] : [0.02, 0.8];

const ways = { "2.10": "published one by one", "2.14": "copied from a stream in files" };

// Most of the time is waiting: a server drops what it hears nothing of after seconds.
describe("F21: a restore message by message that is cut off", { concurrency: 2 }, () => {
  for (const [version, way] of Object.entries(ways)) {
    describe(`of a stream in memory that is ${way} on nats-server ${version}`, { concurrency: 1 }, () => {
      let story: StoryServer;
      let backup: string;
      let original: StreamContents;
      let far: ProxiedSession;
      /** Bytes that a whole restore sends. */
      let whole: number;
      const anew: Tolerances = version === "2.10" ? { messageTimes: true, streamState: ["first_ts", "last_ts"] } : {};

      before(async () => {
        story = await StoryServer.start(version);
        const { nc, session } = story;
        await createStream(nc, { name: "CACHE", subjects: ["cache.>"], storage: "memory" });
        await createConsumer(nc, "CACHE", { durable_name: "reader" });
        const content = { size: 1024, kind: "random" } as const;
        await fillStream(nc, "CACHE", { messages: 1_500, subjects: ["cache.a", "cache.b"], ...content });
        await fillStream(nc, "CACHE", { messages: 500, subjects: ["cache.gone"], ...content });
        await fillStream(nc, "CACHE", { messages: 500, subjects: ["cache.c"], ...content });
        await session.api.request("STREAM.PURGE.CACHE", { filter: "cache.gone" });
        for (const sequence of [3, 2_500]) await deleteMessage(nc, "CACHE", sequence, false);
        original = await readStream(nc, "CACHE");
        backup = story.path("backup");
        await backupStream(session, { stream: "CACHE", directory: backup, tool });
        await session.api.deleteStream("CACHE");
        far = await story.through({}, "5s");
        const before = far.proxy.bytes("toServer");
        await isRestored(await restore(far));
        whole = far.proxy.bytes("toServer") - before;
        assert.ok(whole > 1024 * 1024, `${whole}`);
        await session.api.deleteStream("CACHE");
      });
      after(() => story[Symbol.asyncDispose]());

      async function restore(
        { session }: Pick<ProxiedSession, "session">,
        more: Partial<Parameters<typeof restoreStreams>[1]> = {},
      ): Promise<StreamRestoreResult | undefined> {
        const stored = await readBackup(backup);
        const [result] = await restoreStreams(session, { stored, wishes: { ifExists: "fail" }, tool, ...more });
        return result;
      }

      async function isRestored(result: StreamRestoreResult | undefined): Promise<void> {
        assert.equal(result?.status, "restored", JSON.stringify(result));
        const tolerate = { ...anew, streamState: [...(anew.streamState ?? []), "last_ts"] };
        assertSameStream(original, await readStream(story.nc, "CACHE"), tolerate);
      }

      /** Names of all that a restore makes and that are there now. */
      async function leftovers(): Promise<string[]> {
        const { streams } = await story.session.api.streams();
        return streams.flatMap(({ config }) => restoreLeftover(config)?.name ?? []);
      }

      for (const part of cutAt) {
        it(`after ${part * 100} % of what it sends: nothing is left, or it is named, and a second run brings all back`, async () => {
          const result = await restore(far, {
            onEvent: (event) => {
              if (event.kind === "planned") far.proxy.cutAfter("toServer", Math.ceil(whole * part));
            },
          });
          assert.ok(result?.status === "failed", JSON.stringify(result));
          assert.ok(["CONNECTION_LOST", "TIMEOUT"].includes(result.error.code), result.error.message);
          const left = await leftovers();
          for (const name of left) assert.ok(result.error.message.includes(name), `${result.error.message}: ${left}`);
          if (left.length === 0) assert.equal(await story.session.api.findStream("CACHE"), undefined);
          await isRestored(await restore(story, { wishes: { ifExists: left.includes("CACHE") ? "replace" : "fail" } }));
          for (const name of [...(await leftovers()), "CACHE"]) await story.session.api.deleteStream(name);
        });
      }

      it("what stood there before is put back, message by message", async () => {
        await createStream(story.nc, { name: "CACHE", subjects: ["cache.>"], storage: "memory" });
        await publishAll(
          story.nc,
          Array.from({ length: 30 }, (_, index) => ({ subject: "cache.live", payload: `${index}` })),
        );
        const live = await readStream(story.nc, "CACHE");
        const result = await restore(far, {
          wishes: { ifExists: "replace" },
          safetyDirectory: story.path("safety"),
          onEvent: (event) => {
            if (event.kind === "safety-backup") far.proxy.cutAfter("toServer", Math.ceil(whole / 2));
          },
        });
        assert.ok(result?.status === "failed", JSON.stringify(result));
        assert.match(result.error.message, /the stream that stood there before was put back/);
        assertSameStream(live, await readStream(story.nc, "CACHE"), anew);
        assert.deepEqual(await leftovers(), []);
        await story.session.api.deleteStream("CACHE");
      });

      it("the server is killed: what it kept in files is named or gone, and the next run brings all back", async () => {
        let killed: Promise<unknown> | undefined;
        const result = await restore(far, {
          onEvent: (event) => {
            if (event.kind !== "sending" || killed) return;
            killed = story.server.kill().then(() => story.server.launch());
          },
        });
        await killed;
        assert.ok(result?.status === "failed" && isRelightError(result.error), JSON.stringify(result));
        const left = await leftovers();
        for (const name of left) assert.ok(result.error.message.includes(name), `${result.error.message}: ${left}`);
        await isRestored(await restore(story, { wishes: { ifExists: left.includes("CACHE") ? "replace" : "fail" } }));
      });
    });
  }
});
