/** Streams in memory on servers that make no snapshots of them: read message by message, restored to 2.15 and compared. */
import assert from "node:assert/strict";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isRelightError } from "../../errors.ts";
import { assertSameStream, type Tolerances } from "../../testing/compare-streams.ts";
import { fillStream } from "../../testing/fill.ts";
import { NatsCli, natsCliVersion } from "../../testing/nats-cli.ts";
import { type Outgoing, publishAll } from "../../testing/publish.ts";
import { answer, fetchMessages } from "../../testing/pull.ts";
import { readConsumers } from "../../testing/read-consumers.ts";
import { readStream, type StreamContents } from "../../testing/read-stream.ts";
import { StoryServer } from "../../testing/story-server.ts";
import { createConsumer, createStream, deleteMessage, purgeStream } from "../../testing/stream-setup.ts";
import { readBackup } from "../stream-restore/read-backup.ts";
import { restoreStreams } from "../stream-restore/restore-streams.ts";
import { backupStream, type StreamBackupResult } from "./backup-stream.ts";

const tool = "relight test";

function numbered(subject: string, count: number): Outgoing[] {
  return Array.from({ length: count }, (_, i) => ({ subject: `${subject}.${i % 7}`, payload: `message ${i}` }));
}

const bytesOfAllKinds = Uint8Array.from({ length: 512 }, (_, i) => i % 256);

for (const version of ["2.9", "2.10", "2.14"]) {
  describe(`a stream in memory of nats-server ${version}, backed up message by message`, { timeout: 240_000 }, () => {
    let story: StoryServer;
    let v215: StoryServer;
    before(async () => {
      [story, v215] = await Promise.all([StoryServer.start(version), StoryServer.start("2.15")]);
    });
    after(async () => {
      await story?.[Symbol.asyncDispose]();
      await v215?.[Symbol.asyncDispose]();
    });

    const backUp = (stream: string, session = story.session): Promise<StreamBackupResult> =>
      backupStream(session, { stream, directory: story.path(stream), tool });

    async function restoreTo215(stream: string): Promise<StreamContents> {
      const stored = await readBackup(story.path(stream));
      const [result] = await restoreStreams(v215.session, { stored, wishes: { ifExists: "fail" }, tool });
      assert.equal(result?.status, "restored", JSON.stringify(result));
      return await readStream(v215.nc, stream);
    }

    /** Backs up, restores to 2.15, and compares all there is. */
    async function comesBack(stream: string, tolerate: Tolerances = {}): Promise<StreamBackupResult> {
      const original = await readStream(story.nc, stream);
      const result = await backUp(stream);
      assertSameStream(original, await restoreTo215(stream), tolerate);
      const names = (await readConsumers(story.nc, stream)).map(({ name }) => name);
      assert.deepEqual(
        names,
        original.consumers.map(({ name }) => name),
        "no consumer is left behind",
      );
      return result;
    }

    it("comes back on 2.15 with headers and payloads byte for byte, gaps, sequences and times", async () => {
      await createStream(story.nc, { name: "BYTES", subjects: ["bytes.>"], storage: "memory" });
      await publishAll(story.nc, [
        { subject: "bytes.plain", payload: "text" },
        { subject: "bytes.binary", payload: bytesOfAllKinds },
        { subject: "bytes.empty" },
        {
          subject: "bytes.headers",
          payload: "x",
          headers: [
            ["X-One", "1"],
            ["X-One", "2"],
            ["x-lower", "  spaces  "],
          ],
        },
        { subject: "bytes.empty-block", payload: "y", headers: [] },
        { subject: "bytes.ünicode", payload: "z" },
        { subject: "bytes.large", payload: new Uint8Array(900_000).fill(7) },
        ...numbered("bytes", 300),
      ]);
      for (const sequence of [1, 20, 21, 22, 100, 307]) await deleteMessage(story.nc, "BYTES", sequence, false);
      // Of the last one, which is deleted, the time is in no v2 archive.
      const { manifest } = await comesBack("BYTES", { streamState: ["last_ts"] });
      assert.equal(manifest.archive.name, "stream.arc.s2");
      assert.equal(manifest.content.messages, 301);
      assert.match(manifest.notes[0] ?? "", /^captured message by message \(consumer\), because nats-server 2\./);
      assert.ok(manifest.verified.checks.includes("deliveries numbered without a gap"));
      assert.deepEqual(manifest.moved, []);
      const { bytes } = manifest.state as { bytes: number };
      assert.equal(bytes, (await readStream(story.nc, "BYTES")).info.state.bytes);
    });

    it("comes back where it was purged, and where it is empty", async () => {
      for (const name of ["PURGED", "EMPTIED", "NEVER"]) {
        await createStream(story.nc, { name, subjects: [`${name}.>`], storage: "memory" });
        if (name !== "NEVER") await publishAll(story.nc, numbered(name, 50));
      }
      await purgeStream(story.nc, "PURGED", { seq: 31 });
      await purgeStream(story.nc, "EMPTIED");
      await comesBack("PURGED");
      await comesBack("EMPTIED", { streamState: ["last_ts"] });
      await comesBack("NEVER", { streamState: ["first_seq", "last_ts"] });
    });

    it("comes back with its consumers, which deliver again what awaited an acknowledgement", async () => {
      await createStream(story.nc, { name: "READ", subjects: ["read.>"], storage: "memory" });
      await publishAll(story.nc, numbered("read", 100));
      const durables = ["at-rest", "at-work", "begins", "only-new"];
      for (const durable_name of durables) {
        const deliver_policy = durable_name === "only-new" ? "new" : "all";
        await createConsumer(story.nc, "READ", { durable_name, deliver_policy, ack_wait: 60_000_000_000 });
      }
      for (const name of ["at-rest", "at-work"]) {
        await answer(story.nc, await fetchMessages(story.nc, "READ", name, 20), "+ACK");
      }
      await fetchMessages(story.nc, "READ", "at-work", 5);
      const original = await readStream(story.nc, "READ");
      const { manifest, notes } = await backUp("READ");
      assert.ok(notes.some((note) => /"at-work" had 5 messages .* delivers again from sequence 21 on/.test(note)));
      assert.deepEqual(manifest.consumers.map(({ name, archived }) => [name, archived]).sort(), [
        ["at-rest", "exact"],
        ["at-work", "behind"],
        ["begins", "exact"],
        ["only-new", "exact"],
      ]);
      const restored = await restoreTo215("READ");
      assertSameStream(original, restored, { rolledBackToAckFloor: true });
      await publishAll(v215.nc, [{ subject: "read.new", payload: "the first after the restore" }]);
      const [next] = await fetchMessages(v215.nc, "READ", "at-work", 1);
      const [first] = await fetchMessages(v215.nc, "READ", "only-new", 1);
      assert.deepEqual([next?.sequence, first?.sequence], [21, 101]);
    });

    it("comes back as a work queue or an interest stream, whose messages reading does not touch", async () => {
      for (const retention of ["workqueue", "interest"]) {
        const name = retention.toUpperCase();
        // With allow_direct a server from 2.11 on hands out batches, others answer for each message.
        await createStream(story.nc, {
          name,
          subjects: [`${name}.>`],
          storage: "memory",
          retention,
          allow_direct: true,
        });
        await createConsumer(story.nc, name, { durable_name: "worker", ack_wait: 60_000_000_000 });
        await publishAll(story.nc, numbered(name, 1_000));
        const deliveries = await fetchMessages(story.nc, name, "worker", 200);
        await answer(
          story.nc,
          deliveries.filter((_, i) => i < 100 || i % 2 === 0),
          "+ACK",
        );
        const until = Date.now() + 10_000;
        while ((await readStream(story.nc, name)).info.state.messages !== 850 && Date.now() < until) await sleep(50);
        const { manifest } = await comesBack(name, { rolledBackToAckFloor: true });
        assert.equal(manifest.content.messages, 850);
        assert.match(manifest.notes[0] ?? "", version === "2.14" ? /\(direct-get\)/ : /\(message-get\)/);
        assert.equal((await readStream(story.nc, name)).info.state.messages, 850);
      }
    });

    it("keeps what an interest stream without consumers holds, and what one consumer may have", async () => {
      const lone = { subjects: ["LONE.>"], storage: "memory", retention: "interest" };
      await createStream(story.nc, { name: "LONE", ...lone });
      await createStream(story.nc, { name: "FULL", subjects: ["FULL.>"], storage: "memory", max_consumers: 1 });
      await createConsumer(story.nc, "FULL", { durable_name: "only" });
      await publishAll(story.nc, numbered("FULL", 30));
      await comesBack("LONE", { streamState: ["first_seq", "last_ts"] });
      const { notes } = await comesBack("FULL");
      assert.match(notes[0] ?? "", /\(message-get\)/);
    });

    it("has all that stayed while messages were published and deleted during the reading", async () => {
      await createStream(story.nc, { name: "MOVING", subjects: ["moving.>"], storage: "memory" });
      const payload = new Uint8Array(4_096).fill(1);
      await publishAll(
        story.nc,
        Array.from({ length: 3_000 }, (_, i): Outgoing => ({ subject: `moving.${i % 7}`, payload })),
      );
      const { proxy, session } = await story.through();
      const stalled = proxy.stallAfter("toClient", 2_000_000);
      const running = backUp("MOVING", session);
      await Promise.race([stalled, running]);
      await publishAll(story.nc, numbered("moving", 50));
      for (const sequence of [1, 2_998, 2_999, 3_000, 3_010]) await deleteMessage(story.nc, "MOVING", sequence, false);
      proxy.resume();
      const { manifest } = await running;
      assert.deepEqual(manifest.moved.slice(0, 1), ["50 messages arrived"]);
      const now = await readStream(story.nc, "MOVING");
      const kept = await restoreTo215("MOVING");
      const stayed = now.messages.sequences().filter((sequence) => sequence <= 3_000);
      const missing = stayed.filter((sequence) => kept.messages.find(sequence) === undefined);
      assert.deepEqual(missing, []);
      assert.equal(kept.info.state.last_seq, 3_000, "it ends where the stream ended at the start");
    });

    it("is read on where the connection was cut in the middle", async () => {
      await createStream(story.nc, { name: "CUT", subjects: ["cut.>"], storage: "memory" });
      const payload = new Uint8Array(4_096).fill(2);
      await publishAll(
        story.nc,
        Array.from({ length: 3_000 }, (_, i): Outgoing => ({ subject: `cut.${i % 7}`, payload })),
      );
      const original = await readStream(story.nc, "CUT");
      const { proxy, session } = await story.through();
      const cut = proxy.cutAfter("toClient", 3_000_000);
      const { notes } = await backUp("CUT", session);
      await cut;
      assert.ok(
        notes.some((note) => note.startsWith("reading was taken up again")),
        notes.join("\n"),
      );
      assertSameStream(original, await restoreTo215("CUT"));
      const until = Date.now() + 15_000;
      while ((await readConsumers(story.nc, "CUT")).length > 0 && Date.now() < until) await sleep(100);
      assert.deepEqual(await readConsumers(story.nc, "CUT"), []);
    });

    it("leaves nothing behind where it is cancelled, or the stream goes", async () => {
      await createStream(story.nc, { name: "GOING", subjects: ["going.>"], storage: "memory" });
      await fillStream(story.nc, "GOING", { messages: 2_000, size: 4_096, kind: "random", subjects: ["going.a"] });
      const { proxy, session } = await story.through();
      for (const what of ["cancelled", "gone"]) {
        const stalled = proxy.stallAfter("toClient", 2_000_000);
        const controller = new AbortController();
        const directory = story.path("going");
        const running = backupStream(session, { stream: "GOING", directory, tool, signal: controller.signal });
        running.catch(() => {});
        await Promise.race([stalled, running]);
        if (what === "cancelled") controller.abort();
        else await story.session.api.deleteStream("GOING");
        proxy.resume();
        const code = what === "cancelled" ? "CANCELLED" : "STREAM_NOT_FOUND";
        await assert.rejects(running, (error) => isRelightError(error, code));
        assert.deepEqual(
          (await readdir(story.directory)).filter((name) => /going/.test(name)),
          [],
        );
      }
    });

    it("is read at some ten thousand messages a second", async (t) => {
      await createStream(story.nc, { name: "MANY", subjects: ["many.>"], storage: "memory" });
      const subjects = ["many.a", "many.b", "many.c"];
      await fillStream(story.nc, "MANY", { messages: 100_000, size: 256, kind: "json", subjects });
      const started = performance.now();
      const { manifest } = await backUp("MANY");
      const seconds = (performance.now() - started) / 1000;
      t.diagnostic(
        `${version}: 100,000 messages in ${seconds.toFixed(2)} s, ${Math.round(100_000 / seconds)} a second`,
      );
      assert.equal(manifest.content.messages, 100_000);
      assertSameStream(await readStream(story.nc, "MANY"), await restoreTo215("MANY"));
    });
  });
}

it(`a captured stream is restored by the nats CLI ${natsCliVersion} as well`, { timeout: 240_000 }, async (t) => {
  await using story = await StoryServer.start("2.14");
  await using v215 = await StoryServer.start("2.15");
  const home = story.path("home");
  await mkdir(home);
  const cli = await NatsCli.find(home, (text) => t.diagnostic(text));
  await createStream(story.nc, { name: "CLI", subjects: ["cli.>"], storage: "memory" });
  await createConsumer(story.nc, "CLI", { durable_name: "reader" });
  await publishAll(story.nc, numbered("cli", 200));
  await deleteMessage(story.nc, "CLI", 77, false);
  const directory = story.path("CLI");
  await backupStream(story.session, { stream: "CLI", directory, tool });
  assert.deepEqual((await readdir(directory)).sort(), ["backup.json", "relight.json", "stream.arc.s2"]);
  assert.equal(JSON.parse(await readFile(`${directory}/backup.json`, "utf8")).config.storage, "memory");
  await cli.run(v215.server.url, "stream", "restore", directory, "--no-progress");
  assertSameStream(await readStream(story.nc, "CLI"), await readStream(v215.nc, "CLI"));
});
