import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isRelightError } from "../../errors.ts";
import type { Session } from "../../jetstream/session.ts";
import { assertSameStream } from "../../testing/compare-streams.ts";
import { publishAll, publishOne } from "../../testing/publish.ts";
import { answer, fetchMessages } from "../../testing/pull.ts";
import { readStream, type StreamContents } from "../../testing/read-stream.ts";
import { StoryServer } from "../../testing/story-server.ts";
import { createConsumer, deleteMessage } from "../../testing/stream-setup.ts";
import { backupStream } from "../stream-backup/backup-stream.ts";
import { readBackup } from "../stream-restore/read-backup.ts";
import type { RestoreWishes } from "../stream-restore/restore-plan.ts";
import { restoreStreams, type StreamRestoreResult } from "../stream-restore/restore-streams.ts";

const tool = "relight test";
const versions = process.env.RELIGHT_LONG === "1" ? ["2.15", "2.14", "2.12", "2.10", "2.9"] : ["2.15"];

for (const version of versions) {
  describe(`F17: a restore where the stream exists, on nats-server ${version}`, { concurrency: 2 }, () => {
    let story: StoryServer;
    before(async () => {
      story = await StoryServer.start(version);
    });
    after(() => story[Symbol.asyncDispose]());

    /** A stream that is backed up, and has since then become another one. */
    async function changed(name: string): Promise<{ readonly old: StreamContents; readonly live: StreamContents }> {
      await story.fill(name, 4);
      await createConsumer(story.nc, name, { durable_name: "reader", ack_wait: 3_600_000_000_000 });
      const old = await readStream(story.nc, name);
      await backupStream(story.session, { stream: name, directory: story.path(name), tool });
      await deleteMessage(story.nc, name, 3, true);
      await publishAll(story.nc, [{ subject: `${name}.after`, payload: "the backup", headers: [["X-Live", "1"]] }]);
      const fetched = await fetchMessages(story.nc, name, "reader", 9);
      await answer(story.nc, fetched.slice(0, 4));
      if (version === "2.10" || version === "2.9") await sleep(500); // a consumer's state is written a moment late
      return { old, live: await readStream(story.nc, name) };
    }

    async function restore(
      name: string,
      wishes: RestoreWishes,
      session: Session = story.session,
      more: { readonly onPlanned?: () => void } = {},
    ): Promise<StreamRestoreResult> {
      const stored = await readBackup(story.path(name));
      const [result] = await restoreStreams(session, {
        stored,
        wishes,
        tool,
        safetyDirectory: story.directory,
        onEvent: (event) => (event.kind === "planned" ? more.onPlanned?.() : undefined),
      });
      assert.ok(result);
      return result;
    }

    it("fail: an error with a hint, and the stream is as it was", async () => {
      const { live } = await changed("FAIL");
      const result = await restore("FAIL", { ifExists: "fail" });
      assert.equal(result.status, "refused");
      assert.ok(result.status === "refused" && isRelightError(result.error, "STREAM_EXISTS"));
      assert.equal(result.error.message, 'Stream "FAIL" already exist');
      assert.match(result.error.hint, /--if-exists (skip|replace)/);
      assertSameStream(live, await readStream(story.nc, "FAIL"), { created: true });
    });

    it("skip: says so, and the stream is as it was", async () => {
      const { live } = await changed("SKIP");
      assert.equal((await restore("SKIP", { ifExists: "skip" })).status, "skipped");
      assertSameStream(live, await readStream(story.nc, "SKIP"), { created: true });
    });

    it("replace: the backup is there, and what stood there is in a proven safety backup", async () => {
      const { old, live } = await changed("REPLACE");
      const result = await restore("REPLACE", { ifExists: "replace" });
      assert.equal(result.status, "restored", JSON.stringify(result));
      assertSameStream(old, await readStream(story.nc, "REPLACE"), { created: true });
      assert.ok(result.status === "restored" && result.done.safety);
      const [safety] = await readBackup(result.done.safety);
      assert.equal(safety?.manifest?.content.messages, live.info.state.messages);
      assert.equal(safety?.manifest?.content.lastSequence, live.info.state.last_seq);
    });

    it("replace that the server refuses after the old stream is deleted: it is back, byte for byte", async () => {
      const { live } = await changed("REFUSED");
      // Nothing but the server knows all rules of a configuration.
      const config = { ...live.info.config, name: "REFUSED", republish: { src: ">", dest: "REFUSED.again.>" } };
      const result = await restore("REFUSED", { ifExists: "replace", config });
      assert.equal(result.status, "failed");
      assert.ok(result.status === "failed" && isRelightError(result.error, "RESTORE_FAILED"));
      assert.match(result.error.message, /the stream that stood there before was put back/);
      assertSameStream(live, await readStream(story.nc, "REFUSED"), { created: true });
      assert.ok(existsSync(String(result.error.context.safety)), "the safety backup stays");
    });

    it("replace whose connection is cut in the middle: the old stream is back, byte for byte", async () => {
      const { live } = await changed("CUT");
      const { proxy, session } = await story.through({}, "4s");
      // What goes to the server until then, the acknowledgements of the safety backup among it, is far less.
      const onPlanned = (): void => void proxy.cutAfter("toServer", 2 ** 20);
      const result = await restore("CUT", { ifExists: "replace" }, session, { onPlanned });
      assert.ok(result.status === "failed" && isRelightError(result.error, "CONNECTION_LOST"), JSON.stringify(result));
      assert.match(result.error.message, /the stream that stood there before was put back/);
      assertSameStream(live, await readStream(story.nc, "CUT"), { created: true });
    });

    it("replace of a stream that is written to: nothing is touched", async () => {
      const { live } = await changed("BUSY");
      let publishing = true;
      let accepted = 0;
      const publisher = (async (): Promise<void> => {
        while (publishing) {
          await publishOne(story.nc, { subject: "BUSY.load", payload: "load" });
          accepted++;
        }
      })();
      const result = await restore("BUSY", { ifExists: "replace" });
      publishing = false;
      await publisher;
      assert.ok(result.status === "failed" && isRelightError(result.error, "SOURCE_CHANGED"), JSON.stringify(result));
      assert.match(result.error.message, /nothing was touched/);
      const now = await story.session.api.streamInfo("BUSY");
      assert.equal(now.created, live.info.created);
      assert.equal(now.state.messages, live.info.state.messages + accepted);
    });

    it("replace with what the preflight refuses: nothing is touched", async () => {
      const { live } = await changed("KEPT");
      const config = { ...live.info.config, name: "KEPT", num_replicas: 3 };
      const result = await restore("KEPT", { ifExists: "replace", config });
      assert.equal(result.status, "refused");
      assertSameStream(live, await readStream(story.nc, "KEPT"), { created: true });
    });
  });
}
