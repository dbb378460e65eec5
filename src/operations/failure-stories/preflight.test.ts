import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { StreamConfig } from "../../jetstream/api-types.ts";
import { assertSameStream } from "../../testing/compare-streams.ts";
import { publishAll } from "../../testing/publish.ts";
import { readStream } from "../../testing/read-stream.ts";
import { StoryServer } from "../../testing/story-server.ts";
import { createStream, deleteMessage, purgeStream } from "../../testing/stream-setup.ts";
import { packS2, tarOf, unpackS2, untar } from "../../testing/test-archive.ts";
import { backupStream } from "../stream-backup/backup-stream.ts";
import { readBackup } from "../stream-restore/read-backup.ts";
import type { RestoreWishes } from "../stream-restore/restore-plan.ts";
import { restoreStreams, type StreamRestoreResult } from "../stream-restore/restore-streams.ts";

const tool = "relight test";
const secondNs = 1_000_000_000;

async function fill(story: StoryServer, name: string, count: number, config: object = {}): Promise<void> {
  await createStream(story.nc, { name, subjects: [`${name}.>`], ...config });
  const messages = Array.from({ length: count }, (_, index) => ({
    subject: `${name}.${index % 5}`,
    payload: `${index}`,
  }));
  await publishAll(story.nc, messages);
}

async function backUp(story: StoryServer, stream: string): Promise<string> {
  const directory = story.path(stream);
  await backupStream(story.session, { stream, directory, tool });
  return directory;
}

async function restore(
  target: StoryServer,
  directory: string,
  wishes: Partial<RestoreWishes> = {},
): Promise<StreamRestoreResult> {
  const stored = await readBackup(directory);
  const [result] = await restoreStreams(target.session, { stored, wishes: { ifExists: "fail", ...wishes }, tool });
  assert.ok(result);
  return result;
}

function assertRefused(result: StreamRestoreResult, code: string, text: RegExp): void {
  assert.ok(result.status === "refused", JSON.stringify(result));
  assert.deepEqual(
    result.plan?.refusals.map((refusal) => refusal.code),
    [code],
  );
  assert.match(result.error.message, text);
  assert.ok(result.error.hint.length > 10, "the cure is said");
}

/** With what Relight itself proved, and as if the `nats` CLI had made the backup. */
const manifests = [true, false] as const;

describe("restores that would fail or lose something are refused before anything is touched", () => {
  let old: StoryServer;
  let v210: StoryServer;
  let v214: StoryServer;
  let v215: StoryServer;
  let agedSince: number;
  before(async () => {
    [old, v210, v214, v215] = await Promise.all([
      StoryServer.start("2.9"),
      StoryServer.start("2.10"),
      StoryServer.start("2.14"),
      StoryServer.start("2.15"),
    ]);
    await fill(v215, "AGEING", 30);
    agedSince = Date.now();
  });
  after(async () => {
    for (const story of [old, v210, v214, v215]) await story[Symbol.asyncDispose]();
  });

  it("F22: a v1 archive to memory storage, which every server would report as a success without messages: they are there", async () => {
    await fill(v214, "FILED", 50);
    const original = await readStream(v214.nc, "FILED");
    const directory = await backUp(v214, "FILED");
    await v214.session.api.deleteStream("FILED");
    for (const kept of manifests) {
      if (!kept) await rm(join(directory, "relight.json"));
      for (const target of [v210, v214, v215]) {
        const config: StreamConfig = { name: "FILED", subjects: ["FILED.>"], storage: "memory" };
        const result = await restore(target, directory, { config });
        assert.equal(result.status, "restored", JSON.stringify(result));
        const { info, messages } = await readStream(target.nc, "FILED");
        assert.deepEqual([info.config.storage, info.state.messages], ["memory", 50]);
        assert.equal(messages.length, original.messages.length);
        await target.session.api.deleteStream("FILED");
      }
    }
  });

  for (const version of ["2.15", "2.10"] as const) {
    it(`F29: a max_age that would empty the stream at once is refused, and --lift-max-age works: ${version}`, async () => {
      const story = version === "2.15" ? v215 : v210;
      await fill(story, "AGED", 40);
      await sleep(1_000);
      const original = await readStream(story.nc, "AGED");
      const directory = await backUp(story, "AGED");
      await story.session.api.deleteStream("AGED");
      const config = { ...(original.info.config as StreamConfig), max_age: secondNs, duplicate_window: secondNs };
      for (const kept of manifests) {
        if (!kept) await rm(join(directory, "relight.json"));
        assertRefused(await restore(story, directory, { config }), "max-age", /40 of 40 messages at once: .* empty/);
        assert.equal(await story.session.api.findStream("AGED"), undefined);
      }
      const result = await restore(story, directory, { config, liftMaxAge: true });
      assert.ok(result.status === "restored", JSON.stringify(result));
      assert.ok(result.plan.changes.includes("max_age is lifted"));
      const restored = await readStream(story.nc, "AGED");
      assertSameStream(original, restored, { streamConfig: ["duplicate_window"] });
      await story.session.api.deleteStream("AGED");
    });
  }

  it("F64: an archive of 2.10 or later to 2.9, which would bring deleted messages back: it is written without them", async () => {
    for (const source of [v210, v214]) {
      await fill(source, "DELETES", 60);
      for (const sequence of [2, 30, 31]) await deleteMessage(source.nc, "DELETES", sequence, false);
      const original = await readStream(source.nc, "DELETES");
      const directory = await backUp(source, "DELETES");
      await source.session.api.deleteStream("DELETES");
      for (const kept of manifests) {
        if (!kept) await rm(join(directory, "relight.json"));
        const result = await restore(old, directory);
        assert.ok(result.status === "restored", JSON.stringify(result));
        assert.equal(result.plan.route, "as-v1");
        assertSameStream(original, await readStream(old.nc, "DELETES"));
        await old.session.api.deleteStream("DELETES");
      }
    }
  });

  it("F64: an archive of a purged stream to 2.9, which would begin its sequences again: they go on", async () => {
    await fill(v210, "EMPTIED", 60);
    await purgeStream(v210.nc, "EMPTIED");
    const directory = await backUp(v210, "EMPTIED");
    await v210.session.api.deleteStream("EMPTIED");
    assert.equal((await restore(old, directory)).status, "restored");
    for (const restarted of [false, true]) {
      if (restarted) {
        await old.server.restart();
        await sleep(600);
      }
      const { state } = (await readStream(old.nc, "EMPTIED")).info;
      assert.deepEqual([state.messages, state.last_seq], [0, 60]);
    }
    await old.session.api.deleteStream("EMPTIED");
  });

  it("F64: an archive of 2.10 without deletes is welcome on 2.9", async () => {
    await fill(v210, "PLAIN", 60);
    const original = await readStream(v210.nc, "PLAIN");
    const directory = await backUp(v210, "PLAIN");
    assert.equal((await restore(old, directory)).status, "restored");
    assertSameStream(original, await readStream(old.nc, "PLAIN"));
  });

  it("a configuration that the server does not take, with which a stream would be replaced by nothing", async () => {
    await fill(v215, "BOUNDED", 20, { max_age: 3600 * secondNs, duplicate_window: 1800 * secondNs });
    const directory = await backUp(v215, "BOUNDED");
    const before = await readStream(v215.nc, "BOUNDED");
    const { config } = before.info;
    const shorter = { ...config, max_age: 600 * secondNs } as StreamConfig;
    const result = await restore(v215, directory, { ifExists: "replace", config: shorter });
    assertRefused(result, "config", /nats-server 2\.15\.\d+ refuses the configuration: duplicate_window is longer/);
    assertSameStream(before, await readStream(v215.nc, "BOUNDED"), { created: true });
    // Older servers let streams listen to what newer ones keep for themselves.
    await createStream(old.nc, { name: "ALL", subjects: ["$JSC.>"] });
    await publishAll(old.nc, [{ subject: "$JSC.thing", payload: "1" }]);
    const all = await backUp(old, "ALL");
    await old.session.api.deleteStream("ALL");
    assertRefused(await restore(v215, all), "config", /server's API has to have no_ack/);
  });

  it("F23: an archive of 2.15 to an older server, which cannot read it: it is turned into one that it can", async () => {
    await fill(v215, "NEWER", 20);
    const original = await readStream(v215.nc, "NEWER");
    const directory = await backUp(v215, "NEWER");
    for (const target of [old, v210, v214]) {
      assert.equal((await restore(target, directory)).status, "restored");
      assertSameStream(original, await readStream(target.nc, "NEWER"));
      await target.server.restart();
      await sleep(600);
      assertSameStream(original, await readStream(target.nc, "NEWER"));
      await target.session.api.deleteStream("NEWER");
    }
  });

  it("F19: under another name, from either format, on every version; what was chosen of the messages, and no others", async () => {
    for (const source of [v210, v215]) {
      await fill(source, "NAMED", 30);
      await deleteMessage(source.nc, "NAMED", 7, false);
      const original = await readStream(source.nc, "NAMED");
      const directory = await backUp(source, "NAMED");
      for (const target of [old, v210, v214, v215]) {
        assert.equal((await restore(target, directory, { as: "CALLED" })).status, "restored");
        const called = await readStream(target.nc, "CALLED");
        assert.deepEqual(
          [called.info.state.num_subjects, called.info.state.last_seq],
          [original.info.state.num_subjects, 30],
        );
        assertSameStream(original, called, { streamConfig: ["name", "subjects"] });
        await target.session.api.deleteStream("CALLED");
        const cut = await restore(target, directory, {
          as: "PART",
          cut: { select: { lastSequence: 20, firstSequence: 5 } },
        });
        assert.ok(cut.status === "restored", JSON.stringify(cut));
        assert.match(cut.plan.changes.join("; "), /^14 of 29 messages are left out, as was asked for/);
        const { state } = (await readStream(target.nc, "PART")).info;
        assert.deepEqual([state.messages, state.first_seq, state.last_seq], [15, 5, 20]);
        await target.session.api.deleteStream("PART");
      }
      await source.session.api.deleteStream("NAMED");
    }
  });

  it("F19: a bucket under another name, with its subjects, of which the plan tells", async () => {
    await createStream(v214.nc, { name: "KV_old", subjects: ["$KV.old.>"], max_msgs_per_subject: 1 });
    await publishAll(
      v214.nc,
      [1, 2, 3].map((key) => ({ subject: `$KV.old.${key}`, payload: `${key}` })),
    );
    const directory = await backUp(v214, "KV_old");
    for (const target of [old, v215]) {
      const result = await restore(target, directory, { as: "KV_new" });
      assert.ok(result.status === "restored", JSON.stringify(result));
      assert.deepEqual(result.plan.changes, [
        "the name is KV_new, it was KV_old",
        "subjects $KV.old.> become $KV.new.>, as the bucket's name is in them",
      ]);
      assert.deepEqual((await target.session.api.streamInfo("KV_new")).config.subjects, ["$KV.new.>"]);
      await target.session.api.deleteStream("KV_new");
    }
    // Under its own name it goes the way of any other stream, without a copy in between.
    const own = await restore(v215, directory);
    assert.ok(own.status === "restored", JSON.stringify(own));
    assert.deepEqual([own.plan.route, own.plan.changes], ["as-is", []]);
  });

  it("an archive that lacks its index: what limits had removed does not come back, on any version", async () => {
    await createStream(v214.nc, { name: "KV_kept", subjects: ["$KV.kept.>"], max_msgs_per_subject: 2, discard: "new" });
    await publishAll(
      v214.nc,
      Array.from({ length: 60 }, (_, index) => ({ subject: `$KV.kept.${index % 7}`, payload: `${index}` })),
    );
    await deleteMessage(v214.nc, "KV_kept", 58, false);
    const original = await readStream(v214.nc, "KV_kept");
    const directory = await backUp(v214, "KV_kept");
    await v214.session.api.deleteStream("KV_kept");
    await rm(join(directory, "relight.json"));
    const archive = join(directory, "stream.tar.s2");
    const entries = await untar(unpackS2(await readFile(archive)));
    await writeFile(archive, packS2(tarOf(entries.filter(({ name }) => name !== "msgs/index.db"))));
    for (const target of [old, v210, v214, v215]) {
      const result = await restore(target, directory);
      assert.ok(result.status === "restored", JSON.stringify(result));
      assert.equal(result.plan.expected.messages, original.messages.length);
      assertSameStream(original, await readStream(target.nc, "KV_kept"));
      await target.session.api.deleteStream("KV_kept");
    }
  });

  it("F65: first_seq on 2.10, which would empty the stream with success: every message is back, and the difference is said", async () => {
    await fill(v210, "LATER", 50, { first_seq: 1_000 });
    const original = await readStream(v210.nc, "LATER");
    assert.equal(original.info.state.first_seq, 1_000);
    const directory = await backUp(v210, "LATER");
    await v210.session.api.deleteStream("LATER");
    const result = await restore(v210, directory);
    assert.ok(result.status === "restored", JSON.stringify(result));
    assert.match(result.plan.changes.join("; "), /first_seq 1000 is left out: .* would empty the stream over it/);
    assertSameStream(original, await readStream(v210.nc, "LATER"), { streamConfig: ["first_seq"] });
    // And after a restart as well.
    await v210.server.restart();
    await sleep(600);
    assertSameStream(original, await readStream(v210.nc, "LATER"), { streamConfig: ["first_seq"] });
  });

  // The last one, since it needs messages that have become older than others.
  it("F29: a max_age that removes a part is a warning with the number", async () => {
    await sleep(Math.max(0, agedSince + 10_000 - Date.now()));
    await publishAll(
      v215.nc,
      Array.from({ length: 12 }, () => ({ subject: "AGEING.new", payload: "young" })),
    );
    const { config: original } = await v215.session.api.streamInfo("AGEING");
    const directory = await backUp(v215, "AGEING");
    await v215.session.api.deleteStream("AGEING");
    // The plan counts what will be gone a minute from now.
    const config = { ...original, max_age: 68 * secondNs, duplicate_window: secondNs };
    const stored = await readBackup(directory);
    const wishes = { ifExists: "fail", config } as const;
    const [planned] = await restoreStreams(v215.session, { stored, wishes, tool, dryRun: true });
    assert.ok(planned?.status === "planned", JSON.stringify(planned));
    assert.match(planned.plan.warnings.join("; "), /max_age would remove 30 of 42 messages at once; --lift-max-age/);
    assert.equal(planned.plan.expected.atLeast, 12);
    assert.equal(await v215.session.api.findStream("AGEING"), undefined, "a dry run touches nothing");
    const result = await restore(v215, directory, { config });
    assert.equal(result.status, "restored", JSON.stringify(result));
  });
});
