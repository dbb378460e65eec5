import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type ErrorCode, isRelightError, RelightError } from "../../errors.ts";
import { formatBackupJson } from "../../formats/directory/backup-json.ts";
import { LocalCluster } from "../../local/local-cluster.ts";
import { LocalServer } from "../../local/local-server.ts";
import { archiveFixture } from "../../testing/fixtures.ts";
import { inTemporaryDirectory } from "../../testing/temporary-directory.ts";
import { proveArchive } from "../stream-restore/prove-archive.ts";
import { readBackup, type StoredStream } from "../stream-restore/read-backup.ts";
import { executeExtract } from "./execute-extract.ts";
import { extractArchive } from "./extract-archive.ts";
import { observeStore } from "./observe-store.ts";
import { planExtract } from "./plan-extract.ts";

const treeOf = async (directory: string): Promise<string[]> => (await readdir(directory, { recursive: true })).sort();

async function isRefused(made: Promise<unknown>, code: ErrorCode, reason: string, text: RegExp): Promise<void> {
  await assert.rejects(made, (error) => {
    assert.ok(isRelightError(error, code), String(error));
    const refusals = error.context.refusals as readonly { readonly code: string }[];
    assert.deepEqual(
      refusals.map((one) => one.code),
      [reason],
    );
    assert.match(error.message, text);
    assert.ok(error.hint.length > 10);
    return true;
  });
}

describe("a stream that cannot be extracted", () => {
  let directory: string;
  let stored: StoredStream;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "relight-extract-"));
    const { archive, facts } = archiveFixture("2.14.6", "CONSUMED");
    const { config } = facts;
    await writeFile(join(directory, "backup.json"), formatBackupJson({ config, state: { ...facts.state } }));
    await writeFile(join(directory, "stream.tar.s2"), archive);
    const [one] = await readBackup(directory);
    assert.ok(one);
    stored = one;
  });
  after(() => rm(directory, { recursive: true, force: true }));

  it("is refused while a server runs on the store, even one that has nothing there yet", {
    skip: process.platform !== "linux",
  }, async () => {
    await using server = await LocalServer.start({ version: "2.15" });
    const { storeDirectory } = server;
    const before = await treeOf(storeDirectory);
    await isRefused(extractArchive(stored, { storeDirectory }), "RESTORE_REFUSED", "in-use", /process \d+\) uses/);
    assert.deepEqual(await treeOf(storeDirectory), before);
    await server.terminate("SIGTERM");
    await extractArchive(stored, { storeDirectory });
  });

  it("is refused in the store of a cluster's server", async () => {
    const cluster = await LocalCluster.start({ version: "2.15" });
    try {
      for (const server of cluster.servers) await server.terminate("SIGTERM");
      const storeDirectory = cluster.servers[0]?.storeDirectory ?? "";
      const made = extractArchive(stored, { storeDirectory, account: "APP" });
      await isRefused(made, "RESTORE_REFUSED", "clustered", /cluster \(jetstream\/SYS\/_js_\), which deletes streams/);
    } finally {
      await cluster.stop();
    }
  });

  it("is refused where one of its name or its subjects lies, where there is no store, and inside of one", () =>
    inTemporaryDirectory(async (storeDirectory) => {
      await extractArchive(stored, { storeDirectory });
      const all = await treeOf(storeDirectory);
      await isRefused(
        extractArchive(stored, { storeDirectory }),
        "STREAM_EXISTS",
        "exists",
        /"CONSUMED" already exists/,
      );
      // Where both were there, the server would start only one of them.
      const copy = extractArchive(stored, { storeDirectory, name: "COPY" });
      await isRefused(copy, "RESTORE_REFUSED", "subjects", /overlaps with "CONSUMED\.>" of stream "CONSUMED"/);
      const inside = join(storeDirectory, "jetstream");
      await isRefused(
        extractArchive(stored, { storeDirectory: inside }),
        "RESTORE_REFUSED",
        "inside-store",
        /holds accounts/,
      );
      const missing = join(storeDirectory, "no", "store");
      await isRefused(
        extractArchive(stored, { storeDirectory: missing }),
        "RESTORE_REFUSED",
        "no-store",
        /no directory/,
      );
      await isRefused(
        extractArchive(stored, { storeDirectory: directory }),
        "RESTORE_REFUSED",
        "no-store",
        /no jetstream/,
      );
      assert.deepEqual(await treeOf(storeDirectory), all);
    }));

  it("leaves nothing where the archive is damaged, where it is cancelled, or where another one appears in its place", () =>
    inTemporaryDirectory(async (scratch) => {
      const storeDirectory = join(scratch, "store");
      await mkdir(storeDirectory);
      const cut = join(scratch, "cut.s2");
      const archiveBytes = stored.archiveBytes - 100;
      await writeFile(cut, (await readFile(stored.archive)).subarray(0, archiveBytes));
      const damaged = extractArchive(
        { ...stored, archive: cut, archiveBytes, manifest: undefined },
        { storeDirectory },
      );
      await assert.rejects(damaged, (error) => isRelightError(error, "ARCHIVE_DAMAGED"));
      assert.deepEqual(await treeOf(storeDirectory), []);

      const controller = new AbortController();
      const cancelled = extractArchive(stored, {
        storeDirectory,
        signal: controller.signal,
        onEvent: ({ kind }) => kind === "writing" && controller.abort(new RelightError("CANCELLED", "cancelled")),
      });
      await assert.rejects(cancelled, (error) => isRelightError(error, "CANCELLED"));
      assert.deepEqual(await treeOf(storeDirectory), []);

      const target = join(storeDirectory, "jetstream/$G/streams/CONSUMED");
      let appeared: Promise<unknown> | undefined;
      const raced = extractArchive(stored, {
        storeDirectory,
        onEvent: ({ kind }) => {
          if (kind === "writing") appeared ??= mkdir(target, { recursive: true });
        },
      });
      await assert.rejects(raced, (error) => isRelightError(error, "STREAM_EXISTS"));
      assert.ok(appeared);
      assert.deepEqual(await readdir(join(storeDirectory, "jetstream/$G")), ["streams"]);
      assert.deepEqual(await readdir(target), []);
    }));

  it("is not moved into a store whose server has been started meanwhile", {
    skip: process.platform !== "linux",
  }, async () => {
    await using server = await LocalServer.start({ version: "2.14" });
    await server.terminate("SIGTERM");
    const { storeDirectory } = server;
    const { config, archive } = stored;
    assert.ok(config);
    const { facts } = await proveArchive(stored, {});
    const source = { config, facts, created: undefined, expired: 0, now: Date.now() };
    const plan = planExtract(source, await observeStore(storeDirectory, "$G"), {}, undefined);
    await server.launch();
    const before = await treeOf(storeDirectory);
    await isRefused(executeExtract(plan, { archive }), "RESTORE_REFUSED", "in-use", /uses/);
    assert.deepEqual(await treeOf(storeDirectory), before);
  });
});
