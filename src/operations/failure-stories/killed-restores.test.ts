import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { JetStreamApi } from "../../jetstream/jetstream-api.ts";
import { fillStream } from "../../testing/fill.ts";
import { readStream } from "../../testing/read-stream.ts";
import { type RelightRun, runRelight, startRelight } from "../../testing/relight-process.ts";
import { ShippedSchemas } from "../../testing/shipped-schemas.ts";
import { StoryServer } from "../../testing/story-server.ts";
import { createStream } from "../../testing/stream-setup.ts";

const messages = 60_000;
const schemas = new ShippedSchemas();

async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const until = Date.now() + 30_000; !(await holds()); await sleep(5)) {
    if (Date.now() > until) throw new Error(`${what}: not within 30 s`);
  }
}

/** Kills a restore of the stream in memory once the server has what it makes on the way. */
async function killHalfWay(story: StoryServer, backup: string, begun: (api: JetStreamApi) => Promise<boolean>) {
  const { api } = story.session;
  const { child, ended } = startRelight(story.directory, ["stream", "restore", backup, "-s", story.server.url]);
  await eventually("the restore has begun", () => begun(api));
  child.kill("SIGKILL");
  assert.equal((await ended).signal, "SIGKILL");
}

const origins = async (api: JetStreamApi): Promise<string[]> =>
  (await api.streamNames()).filter((name) => name.startsWith("CACHE_relight_"));

describe("F21: a restore of a stream in memory that is killed half-way", () => {
  it("is named by the next restore and the next backup, on 2.14, where it was copied from files", async () => {
    await using story = await StoryServer.start("2.14");
    const { session, nc } = story;
    const relight = (...args: string[]): Promise<RelightRun> =>
      runRelight(story.directory, [...args, "-s", story.server.url, "--no-progress"]);
    await createStream(nc, { name: "CACHE", subjects: ["cache.>"], storage: "memory" });
    // Many, so that the copy takes a while.
    const content = { messages, size: 64, kind: "random", subjects: ["cache.a", "cache.b"] } as const;
    await fillStream(nc, "CACHE", content);
    const backup = story.path("backup");
    assert.equal((await relight("stream", "backup", "CACHE", backup)).code, 0);
    await session.api.deleteStream("CACHE");
    await killHalfWay(story, backup, async (api) => (await api.findStream("CACHE")) !== undefined);
    assert.equal((await session.api.streamInfo("CACHE")).config.mirror?.name.startsWith("CACHE_relight_"), true);
    const [left, ...others] = await origins(session.api);
    assert.ok(left && others.length === 0);
    const remove = `nats stream rm ${left} --force`;

    const refused = await relight("stream", "restore", backup);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /"CACHE" already exist, half-made by a restore that was killed or still runs/);
    assert.ok((refused.stdout + refused.stderr).includes(remove), refused.stdout + refused.stderr);
    const skipped = await relight("stream", "restore", backup, "--if-exists", "skip");
    assert.equal(skipped.code, 1, "half of a stream is not the stream");
    assert.match(skipped.stderr, /"CACHE" is half-made/);

    const half = await relight("stream", "backup", "CACHE", story.path("half"));
    assert.equal(half.code, 3);
    assert.ok(half.stdout.includes('"CACHE" is half-made') && half.stdout.includes(remove), half.stdout);
    const planned = await relight("stream", "restore", story.path("half"), "--as", "HALF", "--dry-run");
    assert.match(planned.stdout + planned.stderr, /the backup of what a killed restore of "CACHE" left/);
    const all = await relight("account", "backup", story.path("all"), "--json");
    assert.equal(all.code, 3);
    for (const line of all.stdout.trim().split("\n")) schemas.check("account-backup", JSON.parse(line));

    const replaced = await relight("stream", "restore", backup, "--if-exists", "replace");
    assert.equal(replaced.code, 0, replaced.stderr);
    assert.ok((replaced.stdout + replaced.stderr).includes(remove), replaced.stdout + replaced.stderr);
    const { state } = await session.api.streamInfo("CACHE");
    assert.deepEqual([state.messages, state.last_seq], [messages, messages]);
    assert.deepEqual(await origins(session.api), [left], "nothing that this restore did not make is removed");
    await session.api.deleteStream(left);
    const clean = await relight("stream", "backup", "CACHE", story.path("clean"));
    assert.deepEqual([clean.code, clean.stdout.includes("nats stream rm")], [0, false]);
  });

  it("is named on 2.10, where its messages are published one by one", async () => {
    await using story = await StoryServer.start("2.10");
    const { session, nc } = story;
    const relight = (...args: string[]): Promise<RelightRun> =>
      runRelight(story.directory, [...args, "-s", story.server.url, "--no-progress"]);
    await story.fill("CACHE", 24, { storage: "memory" });
    const contents = await readStream(nc, "CACHE");
    const backup = story.path("backup");
    assert.equal((await relight("stream", "backup", "CACHE", backup)).code, 0);
    await session.api.deleteStream("CACHE");
    await killHalfWay(story, backup, async (api) => ((await api.findStream("CACHE"))?.state.messages ?? 0) > 0);
    const { state } = await session.api.streamInfo("CACHE");
    assert.ok(state.messages < contents.messages.length, `${state.messages}`);
    assert.equal((await relight("stream", "restore", backup, "--if-exists", "skip")).code, 1);
    assert.equal((await relight("stream", "backup", "CACHE", story.path("half"))).code, 3);
    const replaced = await relight("stream", "restore", backup, "--if-exists", "replace");
    assert.equal(replaced.code, 0, replaced.stderr);
    assert.equal((await session.api.streamInfo("CACHE")).state.messages, contents.messages.length);
  });
});
