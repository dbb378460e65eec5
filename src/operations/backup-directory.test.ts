import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import { type ErrorCode, isRelightError, type RelightError } from "../errors.ts";
import { formatManifest, type Manifest, parseManifest } from "../formats/directory/manifest.ts";
import type { Session } from "../jetstream/session.ts";
import { LocalServer } from "../local/local-server.ts";
import { fillStream } from "../testing/fill.ts";
import { openTestSession } from "../testing/open-test-session.ts";
import { createStream } from "../testing/stream-setup.ts";
import { backupStream } from "./stream-backup/backup-stream.ts";
import { readAccountBackup, readBackup } from "./stream-restore/read-backup.ts";
import { restoreStreams, type StreamRestoreResult } from "./stream-restore/restore-streams.ts";

describe("a backup directory (docs/backup-directory.md)", () => {
  const resources = new AsyncDisposableStack();
  let session: Session;
  let root: string;
  /** A good backup, made anew for every test from the one of `before`. */
  let directory: string;
  const at = (...parts: string[]): string => join(root, ...parts);
  const inside = (name: string): string => join(directory, name);

  before(async () => {
    root = mkdtempSync(join(tmpdir(), "relight-directory-"));
    resources.defer(() => rmSync(root, { recursive: true, force: true }));
    const server = resources.use(await LocalServer.start({ version: "2.15" }));
    session = resources.use(await openTestSession(server.url));
    await createStream(session.api.connection, { name: "ORDERS", subjects: ["orders.>"] });
    await fillStream(session.api.connection, "ORDERS", {
      messages: 200,
      size: 500,
      kind: "random",
      subjects: ["orders.new"],
    });
    await backUp(at("original"));
  });
  after(() => resources.disposeAsync());
  beforeEach(() => {
    directory = at("orders");
    rmSync(directory, { recursive: true, force: true });
    cpSync(at("original"), directory, { recursive: true });
  });

  const backUp = (target: string, options: { readonly stream?: string; readonly force?: boolean } = {}) =>
    backupStream(session, { stream: "ORDERS", tool: "test", directory: target, ...options });

  async function failure(code: ErrorCode, work: Promise<unknown>): Promise<RelightError> {
    const error: unknown = await work.then(
      () => assert.fail(`${code} was expected`),
      (thrown: unknown) => thrown,
    );
    assert.ok(isRelightError(error, code), String(error));
    return error;
  }

  /** What a restore says that would change nothing. */
  async function dryRun(): Promise<StreamRestoreResult> {
    const stored = await readBackup(directory);
    const wishes = { ifExists: "replace" } as const;
    const [result] = await restoreStreams(session, { stored, wishes, dryRun: true, tool: "test" });
    assert.ok(result);
    return result;
  }

  function readManifest(): Manifest {
    return parseManifest(readFileSync(inside("relight.json"), "utf8"), "relight.json");
  }

  function writeManifest(changes: object): void {
    writeFileSync(inside("relight.json"), formatManifest({ ...readManifest(), ...changes } as Manifest));
  }

  it("BD-01: appears whole or not at all", async () => {
    assert.deepEqual(readdirSync(directory).sort(), ["backup.json", "relight.json", "stream.arc.s2"]);
    await failure("STREAM_NOT_FOUND", backUp(at("nothing"), { stream: "NOPE" }));
    const stopped = AbortSignal.abort();
    await assert.rejects(
      backupStream(session, { stream: "ORDERS", tool: "test", directory: at("nothing"), signal: stopped }),
    );
    assert.deepEqual(readdirSync(root).sort(), ["orders", "original"]);
  });

  it("BD-02: is replaced only where that is asked for, and something else never", async () => {
    const before = readFileSync(inside("relight.json"), "utf8");
    await failure("BACKUP_EXISTS", backUp(directory));
    await failure("STREAM_NOT_FOUND", backUp(directory, { stream: "NOPE", force: true }));
    assert.equal(readFileSync(inside("relight.json"), "utf8"), before);
    await backUp(directory, { force: true });
    assert.notEqual(readFileSync(inside("relight.json"), "utf8"), before);

    mkdirSync(at("photos"));
    writeFileSync(at("photos", "cat.jpg"), "a cat");
    await failure("BACKUP_EXISTS", backUp(at("photos"), { force: true }));
    assert.deepEqual(readdirSync(at("photos")), ["cat.jpg"]);
    rmSync(at("photos"), { recursive: true });
  });

  it("BD-03: is found again where its replacement was killed between the two renames", async () => {
    renameSync(directory, at(".orders.relight-00112233.partial.replaced"));
    const error = await failure("BACKUP_NOT_FOUND", readBackup(directory));
    assert.match(error.hint, /\.orders\.relight-00112233\.partial\.replaced/);
    await failure("BACKUP_EXISTS", backUp(directory));
    assert.equal((await readBackup(directory))[0]?.stream, "ORDERS");
  });

  it("BD-04: can be read by its owner only", { skip: process.platform === "win32" }, async () => {
    await backUp(at("private"));
    const modes = readdirSync(at("private")).map((name) => statSync(at("private", name)).mode & 0o077);
    assert.deepEqual([statSync(at("private")).mode & 0o077, ...modes], [0, 0, 0, 0]);
    rmSync(at("private"), { recursive: true });
  });

  it("BD-05: is read by the archive's content, whatever its name", async () => {
    renameSync(inside("stream.arc.s2"), inside("stream.tar.s2"));
    rmSync(inside("relight.json"));
    const result = await dryRun();
    assert.equal(result.plan?.format, "v2");
    assert.equal(result.status, "planned");
  });

  it("BD-10, BD-11: has a manifest that names every other file, with size and hash", () => {
    const { files, archive } = readManifest();
    assert.deepEqual(files.map((file) => file.name).sort(), ["backup.json", "stream.arc.s2"]);
    for (const { name, bytes, sha256 } of files) {
      const content = readFileSync(inside(name));
      assert.deepEqual([bytes, sha256], [content.length, createHash("sha256").update(content).digest("hex")], name);
    }
    const { format, ...file } = archive;
    assert.equal(format, "v2");
    assert.deepEqual(
      files.find((each) => each.name === file.name),
      file,
    );
  });

  it("BD-12: is refused where the manifest is not what was written, and knows fields that are new to it", async () => {
    const text = readFileSync(inside("relight.json"), "utf8");
    writeFileSync(inside("relight.json"), text.replace('"messages": 200', '"messages": 100'));
    assert.match((await failure("BACKUP_INVALID", readBackup(directory))).message, /checksum differs/);
    writeFileSync(inside("relight.json"), text);
    writeManifest({ weather: "fine" });
    assert.equal((await dryRun()).status, "planned");
  });

  it("BD-13: is refused where the manifest is of a newer version", async () => {
    writeManifest({ relight: 2 });
    assert.match((await failure("BACKUP_INVALID", readBackup(directory))).message, /newer Relight/);
  });

  it("BD-14: is refused where the manifest belongs to another backup", async () => {
    writeManifest({ stream: "INVOICES" });
    await failure("BACKUP_INVALID", readBackup(directory));
  });

  it("BD-20: is refused where the archive is not the one that was proven", async () => {
    const bytes = readFileSync(inside("stream.arc.s2"));
    writeFileSync(inside("stream.arc.s2"), bytes.subarray(0, -1));
    await failure("ARCHIVE_DAMAGED", readBackup(directory));
    bytes[bytes.length >> 1] = ~(bytes[bytes.length >> 1] ?? 0);
    writeFileSync(inside("stream.arc.s2"), bytes);
    const result = await dryRun();
    assert.ok("error" in result && result.error.code === "ARCHIVE_DAMAGED", JSON.stringify(result));
  });

  it("BD-21: is refused where backup.json is not what was written", async () => {
    const text = readFileSync(inside("backup.json"), "utf8");
    writeFileSync(inside("backup.json"), text.replace('"max_msgs": -1', '"max_msgs": 5'));
    await failure("BACKUP_INVALID", readBackup(directory));
  });

  it("BD-22: is proven by decoding it where there is no manifest", async () => {
    rmSync(inside("relight.json"));
    const result = await dryRun();
    assert.equal(result.plan?.expected.messages, 200);
    const bytes = readFileSync(inside("stream.arc.s2"));
    bytes[bytes.length >> 1] = ~(bytes[bytes.length >> 1] ?? 0);
    writeFileSync(inside("stream.arc.s2"), bytes);
    const damaged = await dryRun();
    assert.ok("error" in damaged && damaged.error.code === "ARCHIVE_DAMAGED", JSON.stringify(damaged));
  });

  it("BD-23: is refused where backup.json names no stream that can exist", async () => {
    const { config, state } = JSON.parse(readFileSync(inside("backup.json"), "utf8")) as Record<string, object>;
    const named = (name: unknown): string => JSON.stringify({ config: { ...config, name }, state });
    // With the manifest it would be refused for its hash.
    rmSync(inside("relight.json"));
    for (const text of ["", "{", "{}", named(7), named("a.b"), named("../up"), named("")]) {
      writeFileSync(inside("backup.json"), text);
      await failure("BACKUP_INVALID", readBackup(directory));
    }
  });

  it("BD-24: is refused where it holds two archives", async () => {
    cpSync(inside("stream.arc.s2"), inside("stream.tar.s2"));
    await failure("BACKUP_INVALID", readBackup(directory));
  });

  it("BD-25: is found beside unfinished ones, which are named, and beside what is hidden", async () => {
    const account = at("account");
    cpSync(at("original"), join(account, "ORDERS"), { recursive: true });
    cpSync(at("original"), join(account, "UNFINISHED"), { recursive: true });
    rmSync(join(account, "UNFINISHED", "backup.json"));
    cpSync(at("original"), join(account, ".HIDDEN.relight-00112233.partial"), { recursive: true });
    writeFileSync(join(account, "notes.txt"), "Monday");
    const { streams, failures } = await readAccountBackup(account);
    assert.deepEqual(
      streams.map((stored) => stored.stream),
      ["ORDERS"],
    );
    assert.deepEqual(
      failures.map(({ path, error }) => [path, error.code]),
      [[join(account, "UNFINISHED"), "BACKUP_INVALID"]],
    );
    rmSync(account, { recursive: true });
  });
});
