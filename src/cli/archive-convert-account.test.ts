import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { backupAccount } from "../operations/account-backup/backup-account.ts";
import { backupConfiguration } from "../operations/account-backup/backup-configuration.ts";
import { assertSameStream, type Tolerances } from "../testing/compare-streams.ts";
import { fillStream } from "../testing/fill.ts";
import { answer, fetchMessages } from "../testing/pull.ts";
import { readStream, type StreamContents } from "../testing/read-stream.ts";
import { type RelightRun, runRelight } from "../testing/relight-process.ts";
import { ShippedSchemas } from "../testing/shipped-schemas.ts";
import { StoryServer } from "../testing/story-server.ts";
import { createConsumer, createStream, deleteMessage } from "../testing/stream-setup.ts";

type Json = { readonly [key: string]: unknown };
const schemas = new ShippedSchemas();
const names = ["KV_users", "ORDERS", "QUIET"];

/** An account of a 2.10 server, in both layouts. */
describe("relight archive convert of an account's backup", () => {
  let home: string;
  const at = (...parts: string[]): string => join(home, ...parts);
  const contents = new Map<string, StreamContents>();

  before(async () => {
    home = await mkdtemp(join(tmpdir(), "relight-convert-"));
    await using story = await StoryServer.start("2.10");
    const { nc, session } = story;
    await createStream(nc, { name: "ORDERS", subjects: ["orders.>"] });
    await fillStream(nc, "ORDERS", { messages: 300, size: 300, kind: "json", subjects: ["orders.new", "orders.paid"] });
    await createConsumer(nc, "ORDERS", { durable_name: "billing", ack_wait: 3_600_000_000_000 });
    await answer(nc, (await fetchMessages(nc, "ORDERS", "billing", 40)).slice(10));
    for (const sequence of [3, 4, 250]) await deleteMessage(nc, "ORDERS", sequence, false);
    await createStream(nc, { name: "KV_users", subjects: ["$KV.users.>"], max_msgs_per_subject: 2 });
    for (let value = 0; value < 40; value++) await nc.request(`$KV.users.${value % 7}`, `${value}`);
    await createStream(nc, { name: "QUIET", subjects: ["quiet"] });
    // The state of a consumer is written a moment late, and only then it is in a snapshot.
    await new Promise((resolve) => setTimeout(resolve, 500));
    for (const name of names) contents.set(name, await readStream(nc, name));
    await backupAccount(session, { directory: at("all"), tool: "relight test" });
    await backupConfiguration(session, { directory: at("files"), data: true });
  });
  after(() => rm(home, { recursive: true, force: true }));

  const run = (...args: string[]): Promise<RelightRun> => runRelight(home, args);

  /** Restores what was made with a command, and looks at it. */
  async function restores(version: string, path: string, tolerate: Tolerances = {}): Promise<void> {
    await using target = await StoryServer.start(version);
    const done = await run("account", "restore", path, "--server", target.server.url, "--no-progress");
    assert.equal(done.code, 0, done.stderr);
    for (const name of names) {
      const expected = contents.get(name) as StreamContents;
      assertSameStream(expected, await readStream(target.nc, name), { created: true, ...tolerate });
    }
  }

  it("makes every stream's backup anew for another server, one line a stream, and they restore there", async () => {
    const { code, stdout, stderr } = await run("archive", "convert", at("all"), at("v2"), "--to", "v2");
    assert.equal(code, 0, stderr);
    assert.deepEqual(
      stdout.split("\n").map((line) => line.replace(/:.* (v\d), in .*\//, ": $1, ")),
      [...names.map((name) => `✓ ${name}: v2, ${name}`), "3 of 3 streams converted", ""],
    );
    await restores("2.15", at("v2"));
    await run("archive", "convert", at("v2"), at("old"), "--to", "dir-for-server", "2.9");
    await restores("2.9", at("old"), { streamConfig: ["compression", "metadata", "consumer_limits"] });
  });

  it("reads the older CLI's layout, and makes it", async () => {
    const there = await run("archive", "convert", at("files"), at("directories"), "--to", "v1");
    assert.equal(there.code, 0, there.stderr);
    await restores("2.14", at("directories"));
    const back = await run("archive", "convert", at("directories"), at("tgz"), "--to", "tgz");
    assert.equal(back.code, 0, back.stderr);
    assert.deepEqual((await readdir(at("tgz"))).sort(), (await readdir(at("files"))).sort());
    await restores("2.12", at("tgz"));
  });

  it("says of each stream that fails why, converts the others, and ends with exit code 3", async () => {
    const archive = at("all", "ORDERS", "stream.tar.s2");
    const whole = await readFile(archive);
    await truncate(archive, whole.length - 50);
    try {
      const text = await run("archive", "convert", at("all"), at("some"));
      assert.deepEqual([text.code, await readdir(at("some"))], [3, ["KV_users", "QUIET"]]);
      assert.match(text.stderr, /relight: .*ORDERS.* bytes, and had/);
      assert.match(text.stdout, /\n2 of 3 streams converted, 1 FAILED\n$/);
      const json = await run("archive", "convert", at("all"), at("salvaged"), "--salvage", "--json");
      const lines = json.stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Json);
      for (const line of lines) schemas.check("archive-edit", line);
      assert.deepEqual(
        lines.map(({ type, stream, exit_code }) => [type, stream ?? exit_code]),
        [...names.map((name) => ["result", name]), ["summary", 3]],
      );
      assert.equal(json.code, 3);
      assert.ok(lines[1]?.salvage, "what could not be read of ORDERS");
    } finally {
      await writeFile(archive, whole);
    }
    const again = await run("archive", "convert", at("all"), at("some"), "--json");
    assert.equal(again.code, 3, "two of them are there already");
    for (const line of again.stdout.trim().split("\n")) schemas.check("archive-edit", JSON.parse(line));
    assert.equal((await run("archive", "convert", at("all"), at("some"), "--force")).code, 0);
    const all = await run("archive", "convert", at("all"), at("some"), "--storage", "memory", "--force");
    assert.deepEqual([all.code, /0 of 3 streams converted, 3 FAILED/.test(all.stdout)], [2, true]);
  });

  it("says what of the older CLI's files it cannot make a backup of, and does not take a name for several", async () => {
    const half = at("half");
    await runRelight(home, ["archive", "convert", at("all"), half, "--to", "tgz"]);
    await rm(join(half, "stream_QUIET.tgz"));
    await writeFile(join(half, "stream_KV_users.json"), "{}");
    const { code, stderr, stdout } = await run("archive", "convert", half, at("rest"));
    assert.deepEqual([code, (await readdir(at("rest"))).sort()], [3, ["KV_users", "ORDERS"]]);
    assert.match(stderr, /stream_KV_users\.json: not a file of the configuration layout/);
    assert.match(stdout, /^✓ ORDERS: 297 messages, 1 consumer, v1/m);
    const renamed = await run("archive", "convert", at("all"), at("never"), "--rename", "X");
    assert.deepEqual([renamed.code, /which --rename cannot name/.test(renamed.stderr)], [2, true]);
  });
});
