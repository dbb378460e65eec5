import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Session } from "../jetstream/session.ts";
import { LocalServer } from "../local/local-server.ts";
import { fillStream } from "../testing/fill.ts";
import { openTestSession } from "../testing/open-test-session.ts";
import { fetchMessages } from "../testing/pull.ts";
import { type RelightRun, runRelight } from "../testing/relight-process.ts";
import { ShippedSchemas } from "../testing/shipped-schemas.ts";
import { createConsumer, createStream, deleteMessage } from "../testing/stream-setup.ts";

type Line = { readonly type?: string; readonly [key: string]: unknown };

const schemas = new ShippedSchemas();

describe("the JSON output is what schemas/ says", () => {
  const resources = new AsyncDisposableStack();
  let server: LocalServer;
  let session: Session;
  let home: string;
  const at = (...parts: string[]): string => join(home, ...parts);

  before(async () => {
    home = mkdtempSync(join(tmpdir(), "relight-json-"));
    resources.defer(() => rmSync(home, { recursive: true, force: true }));
    server = resources.use(await LocalServer.start({ version: "2.15" }));
    session = resources.use(await openTestSession(server.url));
    const nc = session.api.connection;
    await createStream(nc, { name: "ORDERS", subjects: ["orders.>"] });
    await fillStream(nc, "ORDERS", { messages: 300, size: 300, kind: "json", subjects: ["orders.new"] });
    await createConsumer(nc, "ORDERS", { durable_name: "billing", ack_wait: 3_600_000_000_000 });
    await fetchMessages(nc, "ORDERS", "billing", 5);
    await deleteMessage(nc, "ORDERS", 7, true);
    await createStream(nc, { name: "EMPTY", subjects: ["empty.>"] });
  });
  after(() => resources.disposeAsync());

  /** Runs a command with --json; its lines, each held against the schema. */
  async function run(schema: string, ...args: string[]): Promise<{ lines: Line[]; last: Line; run: RelightRun }> {
    const ended = await runRelight(home, ["--server", server.url, ...args, "--json"]);
    assert.ok(ended.stdout.endsWith("\n"), ended.stderr);
    const lines = ended.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Line);
    for (const line of lines) schemas.check(schema, line);
    const last = lines.at(-1) as Line;
    if (last.type === "summary") {
      assert.equal(last.exit_code, ended.code);
      assert.equal(last.ok, ended.code === 0);
      assert.equal(lines.filter((line) => line.type === "summary").length, 1);
    }
    return { lines, last, run: ended };
  }
  const types = (lines: readonly Line[]): Set<unknown> => new Set(lines.map((line) => line.type));

  it("stream ls and stream info", async () => {
    const list = await run("stream-list", "stream", "ls");
    assert.equal(list.lines.length, 1);
    assert.equal((list.last.streams as unknown[]).length, 2);
    const info = await run("stream-info", "stream", "info", "ORDERS");
    assert.equal((info.last.state as Record<string, unknown>).messages, 299);
    const missing = await run("stream-info", "stream", "info", "NOPE");
    assert.equal(missing.run.code, 1);
  });

  it("stream backup, its manifest (BD-30), and its failure", async () => {
    const { last, lines } = await run("stream-backup", "stream", "backup", "ORDERS", at("orders"));
    assert.equal(last.ok, true);
    assert.ok(types(lines).has("started"));
    const manifest = JSON.parse(readFileSync(at("orders", "relight.json"), "utf8")) as Record<string, unknown>;
    schemas.check("manifest", manifest);
    const { checksum, ...rest } = manifest;
    assert.deepEqual(last.manifest, rest);
    assert.ok(!schemas.accepts("manifest", rest), "a manifest needs its checksum");

    const failed = await run("stream-backup", "stream", "backup", "NOPE", at("nope"));
    assert.deepEqual([failed.run.code, (failed.last.error as Line).code], [1, "STREAM_NOT_FOUND"]);
  });

  it("stream restore: planned, refused, skipped, replaced, restored, damaged", async () => {
    await run("stream-backup", "stream", "backup", "ORDERS", at("orders"), "--force");
    const restore = (...args: string[]) => run("stream-restore", "stream", "restore", at("orders"), ...args);
    const statusOf = ({ last }: { readonly last: Line }): unknown => (last.streams as Line[])[0]?.status;
    assert.equal(statusOf(await restore()), "refused");
    assert.equal(statusOf(await restore("--if-exists", "skip")), "skipped");
    assert.equal(statusOf(await restore("--if-exists", "replace", "--dry-run")), "planned");
    const replaced = await restore("--if-exists", "replace");
    assert.equal(statusOf(replaced), "restored");
    assert.ok(types(replaced.lines).has("safety-backup"));
    assert.ok(types(replaced.lines).has("finishing"));
    assert.deepEqual(replaced.lines.filter((line) => line.type === "result").length, 1);

    await session.api.deleteStream("ORDERS");
    const restored = await restore();
    assert.equal(statusOf(restored), "restored");
    assert.ok(types(restored.lines).has("sending"));

    truncateSync(at("orders", "stream.arc.s2"), 500);
    assert.equal((await restore()).run.code, 13);
  });

  it("account backup and restore in both layouts, with streams that fail", async () => {
    const nc = session.api.connection;
    await createStream(nc, { name: "MEMORY", subjects: ["memory.>"], storage: "memory" });
    const backup = await run("account-backup", "account", "backup", at("all"));
    assert.equal(backup.run.code, 0);
    assert.equal(backup.lines.filter((line) => line.type === "result").length, 3);
    const config = await run("account-backup", "account", "backup", at("config"), "--layout", "config", "--data");
    assert.equal(config.run.code, 0);
    await session.api.deleteStream("MEMORY");
    const vanished = await run("account-backup", "account", "backup", at("all"), "--force");
    assert.deepEqual(vanished.last.vanished, ["MEMORY"]);

    const existing = await run("account-restore", "account", "restore", at("all"));
    assert.equal(existing.run.code, 3);
    await nc.request("$JS.API.CONSUMER.DELETE.ORDERS.billing");
    const updated = await run("account-restore", "account", "restore", at("all"), "--update-streams");
    assert.deepEqual(
      (updated.last.streams as Line[]).filter((result) => result.stream === "ORDERS").map((result) => result.status),
      ["updated"],
    );
    const layout = (...args: string[]) => run("account-restore", "account", "restore", at("config"), ...args);
    assert.equal((await layout()).run.code, 1);
    assert.equal((await layout("--update-streams")).run.code, 0);
    for (const name of ["ORDERS", "EMPTY", "MEMORY"]) await session.api.deleteStream(name);
    assert.equal((await layout("--dry-run")).run.code, 0);
    const restored = await layout();
    assert.equal(restored.run.code, 0);
    assert.ok(types(restored.lines).has("result"));
    truncateSync(at("all", "ORDERS", "backup.json"), 0);
    assert.equal((await run("account-restore", "account", "restore", at("all"), "--if-exists", "skip")).run.code, 3);
  });

  it("an account backup of nats-server 2.14: v1 archives, and a stream in memory, which is read message by message", async () => {
    await using older = await LocalServer.start({ version: "2.14" });
    await using other = await openTestSession(older.url);
    for (const [name, storage] of [
      ["ORDERS", "file"],
      ["MEMORY", "memory"],
    ] as const) {
      await createStream(other.api.connection, { name, subjects: [`${name}.>`], storage });
      await other.api.connection.request(`${name}.a`, "of a test");
    }
    const { last } = await run("account-backup", "account", "backup", at("older"), "--server", older.url);
    assert.equal(last.exit_code, 0);
    for (const [name, format] of [
      ["ORDERS", "v1"],
      ["MEMORY", "v2"],
    ] as const) {
      const manifest = JSON.parse(readFileSync(at("older", name, "relight.json"), "utf8"));
      schemas.check("manifest", manifest);
      assert.equal(manifest.archive.format, format);
    }
    await other.api.deleteStream("MEMORY");
    const back = await run("stream-restore", "stream", "restore", at("older", "MEMORY"), "--server", older.url);
    assert.equal(back.run.code, 0);
    // What stands there is no backup any more, and is not replaced.
    for (const name of ["backup.json", "relight.json"]) rmSync(at("older", "MEMORY", name));
    const failed = await run("account-backup", "account", "backup", at("older"), "--server", older.url, "--force");
    assert.equal(failed.last.exit_code, 3);
  });

  it("a command line that is wrong", async () => {
    const { last, run: ended } = await run("stream-backup", "stream", "backup", "ORDERS", at("x"), "--nonsense");
    assert.deepEqual([ended.code, last.command, (last.error as Line).code], [2, "stream backup", "USAGE"]);
  });
});
