import assert from "node:assert/strict";
import { mkdir, open, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { LocalServer } from "../../local/local-server.ts";
import { fillStream } from "../../testing/fill.ts";
import { openTestSession } from "../../testing/open-test-session.ts";
import { createStream } from "../../testing/stream-setup.ts";
import { inTemporaryDirectory } from "../../testing/temporary-directory.ts";
import { findStoreUsers, type StoreUser } from "./find-store-users.ts";

const linux = { skip: process.platform !== "linux" && "only Linux tells what processes do" };

/** What is said about one process. */
async function evidence(directory: string, pid: number): Promise<readonly string[]> {
  const { checked, inUse } = await findStoreUsers(directory);
  assert.equal(checked, true);
  return inUse.filter((user: StoreUser) => user.pid === pid).map((user) => `${user.program} ${user.evidence}`);
}

describe("who uses a store directory", linux, () => {
  it("is a server whose configuration names it, though it has no file open there, until it ends", async () => {
    await using server = await LocalServer.start({ version: "2.15" });
    const { pid, storeDirectory } = server;
    const [one, ...others] = await evidence(storeDirectory, pid);
    assert.match(one ?? "", /^nats-server.* names it in its configuration .*server\.conf$/);
    assert.deepEqual(others, []);
    await server.terminate("SIGTERM");
    assert.deepEqual(await evidence(storeDirectory, pid), []);
  });

  it("is a server that has files open there, whatever its arguments say by now", async () => {
    await using server = await LocalServer.start({ version: "2.10" });
    await using session = await openTestSession(server.url);
    await createStream(session.api.connection, { name: "S", subjects: ["s"] });
    await fillStream(session.api.connection, "S", { messages: 10, size: 300, kind: "json", subjects: ["s"] });
    await writeFile(join(server.directory, "server.conf"), "port: 4222");
    const [one] = await evidence(server.storeDirectory, server.pid);
    assert.match(one ?? "", /^nats-server.* has .*\.blk open$/);
  });

  it("is found by the directory itself, under whatever name it is given, and by the command line", () =>
    inTemporaryDirectory(async (directory) => {
      const store = join(directory, "store");
      const link = join(directory, "link");
      await mkdir(store);
      await symlink(store, link);
      await using configured = await LocalServer.start({ version: "2.14", storeDirectory: link });
      assert.match((await evidence(store, configured.pid))[0] ?? "", /names it in its configuration /);
      await using called = await LocalServer.start({
        version: "2.14",
        jetStreamEnabled: false,
        args: ["-js", "-sd", link],
      });
      assert.match((await evidence(store, called.pid))[0] ?? "", /names it in its arguments$/);
    }));

  it("is not a server on another store", () =>
    inTemporaryDirectory(async (directory) => {
      await using server = await LocalServer.start({ version: "2.15" });
      assert.deepEqual(await evidence(directory, server.pid), []);
    }));

  it("cannot be told of a server whose configuration is gone: that is said", () =>
    inTemporaryDirectory(async (directory) => {
      await using server = await LocalServer.start({ version: "2.15" });
      await rename(join(server.directory, "server.conf"), join(server.directory, "moved.conf"));
      const { unclear } = await findStoreUsers(directory);
      const about = unclear.filter(({ pid }) => pid === server.pid);
      assert.deepEqual(
        about.map((user) => user.evidence),
        ["does not let its arguments and configuration be read"],
      );
    }));

  it("is not this process, which reads the store itself", () =>
    inTemporaryDirectory(async (directory) => {
      await mkdir(join(directory, "jetstream"));
      await using file = await open(join(directory, "jetstream", "x"), "w");
      assert.ok(file.fd > 0);
      assert.deepEqual(await evidence(directory, process.pid), []);
    }));

  it("cannot be told at all where there is no /proc", async () => {
    const users = await findStoreUsers("/", "/does-not-exist");
    assert.deepEqual(users, { checked: false, inUse: [], unclear: [] });
  });
});
