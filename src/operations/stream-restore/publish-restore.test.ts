/** Streams in memory restored to servers that take no archive of them: published anew, or copied by the server itself. */
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { assertSameStream, type Tolerances } from "../../testing/compare-streams.ts";
import { fillStream } from "../../testing/fill.ts";
import { type Outgoing, publishAll } from "../../testing/publish.ts";
import { answer, fetchMessages } from "../../testing/pull.ts";
import { readStream, type StreamContents } from "../../testing/read-stream.ts";
import { StoryServer } from "../../testing/story-server.ts";
import { versionAtLeast } from "../../testing/stream-info.ts";
import { createConsumer, createStream, deleteMessage, purgeStream } from "../../testing/stream-setup.ts";
import { backupStream } from "../stream-backup/backup-stream.ts";
import { readBackup } from "./read-backup.ts";
import type { RestoreWishes } from "./restore-plan.ts";
import { restoreStreams, type StreamRestoreResult } from "./restore-streams.ts";

const tool = "relight test";
const utf8 = new TextDecoder();

function numbered(subject: string, count: number): Outgoing[] {
  return Array.from({ length: count }, (_, i) => ({
    subject: `${subject}.${i % 7}`,
    payload: `message ${i}`,
    headers: [["X-Number", `${i}`]],
  }));
}

/** What a stream that was published anew may differ in. */
const anew: Tolerances = { messageTimes: true, streamState: ["first_ts", "last_ts"] };
/** What a consumer that was made anew may differ in. */
const madeAnew: Tolerances = {
  consumerConfig: ["deliver_policy", "opt_start_seq"],
  // Before 2.14 a consumer that has delivered nothing has no floor.
  consumerState: ["delivered.consumer_seq", "ack_floor.consumer_seq", "ack_floor.stream_seq"],
};

for (const version of ["2.9", "2.10", "2.11", "2.12", "2.14"]) {
  const mirrors = versionAtLeast(`${version}.0`, "2.12.0");
  const times = mirrors ? { streamState: ["last_ts"] } : anew;
  describe(`a stream in memory restored to nats-server ${version}`, { timeout: 240_000 }, () => {
    let story: StoryServer;
    let safety = 0;
    before(async () => {
      story = await StoryServer.start(version);
    });
    after(async () => {
      await story?.[Symbol.asyncDispose]();
    });

    async function restore(stream: string, wishes: Partial<RestoreWishes> = {}): Promise<StreamRestoreResult> {
      const stored = await readBackup(story.path(stream));
      const safetyDirectory = story.path(`safety-${++safety}`);
      await mkdir(safetyDirectory);
      const options = { stored, wishes: { ifExists: "fail" as const, ...wishes }, tool, safetyDirectory };
      const [result] = await restoreStreams(story.session, options);
      assert.ok(result);
      return result;
    }

    /** Backs up, deletes, restores, and compares. */
    async function comesBack(
      stream: string,
      tolerate: Tolerances = times,
    ): Promise<{
      readonly now: StreamContents;
      readonly result: StreamRestoreResult & { readonly status: "restored" };
    }> {
      const original = await readStream(story.nc, stream);
      await backupStream(story.session, { stream, directory: story.path(stream), tool });
      await story.session.api.deleteStream(stream);
      const result = await restore(stream);
      assert.ok(result.status === "restored", JSON.stringify(result));
      assert.equal(result.plan.route, mirrors && original.messages.length > 0 ? "through-mirror" : "by-message");
      const now = await readStream(story.nc, stream);
      assertSameStream(original, now, tolerate);
      const left = (await story.session.api.streamNames()).filter((name) => name.includes("relight"));
      assert.deepEqual(left, [], "no stream is left behind");
      return { now, result };
    }

    it("has its messages under their sequences, with gaps, headers, limits, and all else it was", async () => {
      const config = {
        subjects: ["all.>"],
        storage: "memory",
        max_msgs_per_subject: 100,
        max_msgs: 600,
        max_bytes: 1e6,
      };
      await createStream(story.nc, {
        name: "ALL",
        ...config,
        description: "of a test",
        duplicate_window: 60_000_000_000,
      });
      await publishAll(story.nc, numbered("all", 1_000));
      await publishAll(story.nc, [
        { subject: "all.binary", payload: Uint8Array.from({ length: 256 }, (_, i) => i) },
        { subject: "all.empty" },
        { subject: "all.ünicode", payload: "x" },
        { subject: "all.last", payload: "y" },
      ]);
      for (const sequence of [500, 501, 502, 700, 1_003, 1_004]) await deleteMessage(story.nc, "ALL", sequence, false);
      const { now, result } = await comesBack("ALL");
      assert.equal(now.info.state.last_seq, 1_004);
      const said = mirrors ? /copies, with sequences and times/ : /their times become the time of the restore/;
      assert.ok(
        result.plan.warnings.some((warning) => said.test(warning)),
        result.plan.warnings.join("\n"),
      );
      await publishAll(story.nc, [{ subject: "all.next", payload: "goes on" }]);
      assert.equal((await readStream(story.nc, "ALL")).info.state.last_seq, 1_005);
    });

    it("begins where it began, also where it is empty", async () => {
      for (const name of ["PURGED", "EMPTIED", "NEVER"]) {
        await createStream(story.nc, { name, subjects: [`${name}.>`], storage: "memory" });
        if (name !== "NEVER") await publishAll(story.nc, numbered(name, 50));
      }
      await purgeStream(story.nc, "PURGED", { seq: 31 });
      await purgeStream(story.nc, "EMPTIED");
      await comesBack("PURGED");
      const { now } = await comesBack("EMPTIED", anew);
      assert.equal(now.info.state.last_seq, 50);
      await comesBack("NEVER", { ...anew, streamState: ["first_seq", "first_ts", "last_ts"] });
    });

    it("has its consumers where they were acknowledged up to", async () => {
      await createStream(story.nc, { name: "READ", subjects: ["read.>"], storage: "memory" });
      await publishAll(story.nc, numbered("read", 100));
      for (const durable_name of ["begun", "begins"]) {
        await createConsumer(story.nc, "READ", { durable_name, ack_wait: 60_000_000_000 });
      }
      await answer(story.nc, await fetchMessages(story.nc, "READ", "begun", 20), "+ACK");
      const { result } = await comesBack("READ", { ...times, ...madeAnew });
      assert.ok(result.plan.warnings.some((warning) => /start behind their acknowledgement floor/.test(warning)));
      const [next] = await fetchMessages(story.nc, "READ", "begun", 1);
      const [first] = await fetchMessages(story.nc, "READ", "begins", 1);
      assert.deepEqual([next?.sequence, first?.sequence], [21, 1]);
    });

    it("is a work queue, or has its consumers' interest, as it was", async () => {
      for (const retention of ["workqueue", "interest"]) {
        const name = retention.toUpperCase();
        await createStream(story.nc, { name, subjects: [`${name}.>`], storage: "memory", retention });
        await createConsumer(story.nc, name, { durable_name: "worker", ack_wait: 60_000_000_000 });
        await publishAll(story.nc, numbered(name, 100));
        await answer(story.nc, await fetchMessages(story.nc, name, "worker", 20), "+ACK");
        const until = Date.now() + 10_000;
        while ((await readStream(story.nc, name)).info.state.messages !== 80 && Date.now() < until) await sleep(50);
        if (retention === "interest" && version === "2.9") {
          await backupStream(story.session, { stream: name, directory: story.path(name), tool });
          await story.session.api.deleteStream(name);
          const result = await restore(name);
          assert.deepEqual(
            result.plan?.refusals.map(({ code }) => code),
            ["memory-interest"],
          );
          continue;
        }
        const queue = retention === "workqueue" ? ["delivered.stream_seq"] : [];
        const consumerState = [...(madeAnew.consumerState ?? []), ...queue];
        const { now } = await comesBack(name, { ...times, ...madeAnew, consumerState });
        assert.equal(now.messages.length, 80);
        const rest = await fetchMessages(story.nc, name, "worker", 80);
        assert.deepEqual([rest[0]?.sequence, rest.at(-1)?.sequence], [21, 100]);
        await answer(story.nc, rest, "+ACK");
        while ((await readStream(story.nc, name)).info.state.messages !== 0 && Date.now() < until + 20_000)
          await sleep(50);
        assert.equal((await readStream(story.nc, name)).info.state.messages, 0, "acknowledged messages leave");
      }
    });

    it("does not carry out what headers asked for once, and says which of them were left out", async () => {
      const config = { subjects: ["odd.>"], storage: "memory", allow_rollup_hdrs: true, duplicate_window: 100_000_000 };
      await createStream(story.nc, { name: "ODD", ...config });
      const publish = (subject: string, headers: Outgoing["headers"]): Promise<unknown> =>
        publishAll(story.nc, [{ subject, payload: "x", ...(headers ? { headers } : {}) }]);
      await publish("odd.id", [["Nats-Msg-Id", "a"]]);
      await sleep(400);
      await publish("odd.id", [["Nats-Msg-Id", "a"]]);
      await publish("odd.sequence", [["Nats-Expected-Last-Sequence", "2"]]);
      await publish("odd.subject", undefined);
      await publish("odd.subject", [
        ["X-Kept", "yes"],
        ["Nats-Expected-Last-Subject-Sequence", "4"],
      ]);
      await deleteMessage(story.nc, "ODD", 4, false);
      await publish("odd.rolled", undefined);
      await publish("odd.rolled", [["Nats-Rollup", "sub"]]);
      await publish("odd.stream", [["Nats-Expected-Stream", "ODD"]]);
      const original = await readStream(story.nc, "ODD", { hashOnly: false });
      assert.equal(original.messages.length, 6);
      await backupStream(story.session, { stream: "ODD", directory: story.path("ODD"), tool });
      await story.session.api.deleteStream("ODD");
      const result = await restore("ODD");
      assert.ok(result.status === "restored", JSON.stringify(result));
      const now = await readStream(story.nc, "ODD", { hashOnly: false });
      assert.deepEqual(now.messages.sequences(), original.messages.sequences());
      const headers = (stream: StreamContents, sequence: number): string =>
        utf8.decode(stream.messages.find(sequence)?.headers);
      for (const sequence of [1, 2, 7]) assert.equal(headers(now, sequence), headers(original, sequence));
      assert.equal(headers(now, 5), "NATS/1.0\r\nX-Kept: yes\r\n\r\n");
      assert.equal(headers(now, 3), mirrors ? "" : headers(original, 3));
      assert.equal(headers(now, 8), mirrors ? "" : headers(original, 8));
      const { notes } = result.done.outcome;
      assert.ok(
        notes.includes(
          "1 message came back without the header Nats-Expected-Last-Subject-Sequence, which a server acts upon when a message is stored",
        ),
        notes.join("\n"),
      );
    });

    it("takes the place of another one, which is put back where that fails", async () => {
      await createStream(story.nc, { name: "PLACE", subjects: ["place.>"], storage: "memory" });
      await publishAll(story.nc, numbered("place", 50));
      await comesBack("PLACE");
      await publishAll(story.nc, numbered("place", 10));
      const result = await restore("PLACE", { ifExists: "replace" });
      assert.equal(result.status, "restored", JSON.stringify(result));
      const before = await readStream(story.nc, "PLACE");
      assert.equal(before.messages.length, 50);
      for (const durable_name of ["one", "two"]) await createConsumer(story.nc, "PLACE", { durable_name });
      await backupStream(story.session, { stream: "PLACE", directory: story.path("PLACE"), tool, force: true });
      // The second consumer cannot be made: a failure at the very end.
      const config = { ...before.info.config, name: "PLACE", max_consumers: 1 };
      const failed = await restore("PLACE", { ifExists: "replace", config });
      assert.ok(failed.status === "failed", JSON.stringify(failed));
      assert.match(failed.error.message, /maximum consumers limit reached.*was put back$/);
      const now = await readStream(story.nc, "PLACE");
      assert.equal(now.messages.length, 50);
      assert.equal(now.consumers.length, 2);
      assert.deepEqual(
        (await story.session.api.streamNames()).filter((name) => name.includes("relight")),
        [],
      );
      await story.session.api.deleteStream("PLACE");
    });

    it("comes back at some ten thousand messages a second", async (t) => {
      await createStream(story.nc, { name: "MANY", subjects: ["many.>"], storage: "memory" });
      const subjects = ["many.a", "many.b", "many.c"];
      await fillStream(story.nc, "MANY", { messages: 100_000, size: 256, kind: "json", subjects });
      const { result } = await comesBack("MANY");
      const { seconds } = result.done;
      t.diagnostic(
        `${version}: 100,000 messages in ${seconds.toFixed(2)} s, ${Math.round(100_000 / seconds)} a second`,
      );
    });
  });
}
