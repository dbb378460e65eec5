import assert from "node:assert/strict";
import { chown, mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { LocalServer, type LocalServerOptions } from "../../local/local-server.ts";
import { assertSameStream, type Tolerances } from "../../testing/compare-streams.ts";
import { fillStream } from "../../testing/fill.ts";
import { openTestSession } from "../../testing/open-test-session.ts";
import { answer, fetchMessages } from "../../testing/pull.ts";
import { readStream, type StreamContents } from "../../testing/read-stream.ts";
import { createConsumer, createStream, deleteMessage } from "../../testing/stream-setup.ts";
import { inTemporaryDirectory } from "../../testing/temporary-directory.ts";
import { packTgz } from "../account-backup/pack-tgz.ts";
import { partialName } from "../files/dead-leftovers.ts";
import { backupStream } from "../stream-backup/backup-stream.ts";
import { readBackup } from "../stream-restore/read-backup.ts";
import { type ExtractOptions, type ExtractReport, extractArchive } from "./extract-archive.ts";

/** A stream with deletes and a consumer in the middle, and its backups. */
interface Orders {
  readonly directory: string;
  /** From 2.15: v2. */
  readonly v2: string;
  /** From 2.10, with dead messages in it. */
  readonly v1: string;
  readonly contents: ReadonlyMap<string, StreamContents>;
}

async function backUp(version: string, directory: string): Promise<StreamContents> {
  await using server = await LocalServer.start({ version });
  await using session = await openTestSession(server.url);
  const nc = session.api.connection;
  await createStream(nc, { name: "ORDERS", subjects: ["orders.>"] });
  await fillStream(nc, "ORDERS", { messages: 400, size: 300, kind: "json", subjects: ["orders.new", "orders.paid"] });
  await createConsumer(nc, "ORDERS", { durable_name: "billing", ack_wait: 3_600_000_000_000 });
  await answer(nc, (await fetchMessages(nc, "ORDERS", "billing", 40)).slice(10));
  for (const sequence of [3, 4, 250]) await deleteMessage(nc, "ORDERS", sequence, false);
  // Some servers write a consumer's state a moment late, and only then it is in a snapshot.
  await new Promise((resolve) => setTimeout(resolve, 500));
  const contents = await readStream(nc, "ORDERS");
  await backupStream(session, { stream: "ORDERS", directory, tool: "relight test" });
  return contents;
}

async function extract(path: string, options: ExtractOptions): Promise<ExtractReport> {
  const [stored] = await readBackup(path);
  assert.ok(stored);
  return extractArchive(stored, options);
}

/** Runs `work` while no server runs on the store of one that is started again afterwards and looked at. */
async function whileStopped(
  options: LocalServerOptions,
  work: (storeDirectory: string) => Promise<void>,
  look: (server: LocalServer) => Promise<void>,
): Promise<void> {
  await using server = await LocalServer.start(options);
  await server.terminate("SIGTERM");
  await work(server.storeDirectory);
  for (let start = 0; start < 2; start++) {
    await server.launch();
    await look(server);
    await server.kill();
  }
}

async function isThere(
  server: LocalServer,
  contents: StreamContents | undefined,
  as = "ORDERS",
  tolerate: Tolerances = {},
): Promise<void> {
  assert.ok(contents);
  await using session = await openTestSession(server.url);
  assertSameStream(contents, await readStream(session.api.connection, as), { created: true, ...tolerate });
}

const treeOf = async (directory: string): Promise<string[]> => (await readdir(directory, { recursive: true })).sort();

describe("a stream that is extracted into the store of a stopped server", () => {
  let orders: Orders;
  before(async () => {
    const directory = await mkdtemp(join(tmpdir(), "relight-extract-"));
    const [v1, v2] = [join(directory, "v1"), join(directory, "v2")];
    const contents = await Promise.all([backUp("2.10", v1), backUp("2.15", v2)]);
    orders = {
      directory,
      v1,
      v2,
      contents: new Map([
        [v1, contents[0]],
        [v2, contents[1]],
      ] as const),
    };
  });
  after(() => rm(orders.directory, { recursive: true, force: true }));

  it("is reported as it was written, and is told of beforehand by a dry run that touches nothing", () =>
    inTemporaryDirectory(async (storeDirectory) => {
      const planned = await extract(orders.v2, { storeDirectory, dryRun: true });
      assert.deepEqual(await treeOf(storeDirectory), []);
      const done = await extract(orders.v2, { storeDirectory });
      const { bytes = 0, ...rest } = done;
      assert.ok(bytes > 100_000);
      assert.deepEqual({ ...rest, status: "planned" }, planned);
      assert.deepEqual(rest, {
        status: "extracted",
        stream: "ORDERS",
        account: "$G",
        path: join(storeDirectory, "jetstream/$G/streams/ORDERS"),
        format: "v2",
        messages: 397,
        firstSequence: 1,
        lastSequence: 400,
        streamLastSequence: 400,
        consumers: ["billing"],
        changes: [],
        notes: rest.notes,
      });
      assert.deepEqual(await treeOf(done.path), [
        ...["meta.inf", "meta.sum", "msgs", "msgs/1.blk", "obs", "obs/billing"],
        ...["obs/billing/meta.inf", "obs/billing/meta.sum", "obs/billing/o.dat"],
      ]);
    }));

  it(
    "has the modes of a server's own files, and the owner of the store",
    { skip: process.getuid?.() !== 0 && "only root gives files away" },
    () =>
      inTemporaryDirectory(async (storeDirectory) => {
        await chown(storeDirectory, 12_345, 23_456);
        await extract(orders.v1, { storeDirectory });
        for (const name of await treeOf(storeDirectory)) {
          const { mode, uid, gid } = await stat(join(storeDirectory, name));
          const directory = /(?:jetstream|\$G|streams|ORDERS|msgs|obs|billing)$/.test(name);
          assert.deepEqual([uid, gid, mode & 0o777], [12_345, 23_456, directory ? 0o700 : 0o600], name);
        }
      }),
  );

  it("can have another name, beside others that stay what they were", async () => {
    const tolerate = { streamConfig: ["name", "subjects"] };
    await whileStopped(
      { version: "2.14" },
      async (storeDirectory) => {
        await extract(orders.v1, { storeDirectory });
        const [stored] = await readBackup(orders.v1);
        assert.ok(stored?.config);
        const config = { ...stored.config, subjects: ["copy.>"] };
        await extractArchive({ ...stored, config }, { storeDirectory, name: "COPY" });
      },
      async (server) => {
        await isThere(server, orders.contents.get(orders.v1));
        await isThere(server, orders.contents.get(orders.v1), "COPY", tolerate);
      },
    );
  });

  it("can be of the older CLI's layout, and in another account", () =>
    inTemporaryDirectory(async (directory) => {
      const tgz = join(directory, "stream_ORDERS.tgz");
      await packTgz(join(orders.v1, "stream.tar.s2"), tgz);
      const users = [{ user: "app", password: "app" }];
      await whileStopped(
        // Not 2.15, whose patches differ in whether they make an account's directory at once.
        { version: "2.14", accounts: [{ name: "APP", users }], noAuthUser: "app" },
        async (storeDirectory) => {
          const { notes } = await extract(tgz, { storeDirectory, account: "APP" });
          assert.match(notes.join(), /nothing of account "APP" yet/);
        },
        (server) => isThere(server, orders.contents.get(orders.v1)),
      );
    }));

  for (const version of ["2.10", "2.14", "2.15"]) {
    it(`is encrypted by a nats-server ${version} that encrypts its store`, async () => {
      await using server = await LocalServer.start({ version, encryptionKey: "a secret of the test" });
      const { storeDirectory } = server;
      {
        await using session = await openTestSession(server.url);
        await createStream(session.api.connection, { name: "OTHER", subjects: ["other"] });
      }
      await server.terminate("SIGTERM");
      const { notes, path } = await extract(orders.v2, { storeDirectory });
      assert.match(notes.join("; "), /the store is encrypted: .*not checked for overlapping subjects: OTHER/);
      for (let start = 0; start < 2; start++) {
        await server.launch();
        // Every version writes the time at which it encrypts the description into it.
        await isThere(server, orders.contents.get(orders.v2), "ORDERS", { created: false });
        assert.ok((await readdir(path)).includes("meta.key"));
        await server.kill();
      }
    });
  }

  it("removes what a killed extraction of it left, which no server minds", () =>
    inTemporaryDirectory(async (directory) => {
      const account = join(directory, "jetstream", "$G");
      // A process number that no process has.
      const left = (await partialName("ORDERS")).replace(`-${process.pid}-`, "-4194305-");
      await mkdir(join(account, left, "msgs"), { recursive: true });
      for (const version of ["2.9", "2.10", "2.14", "2.15"]) {
        await using server = await LocalServer.start({ version, storeDirectory: directory });
        await using session = await openTestSession(server.url);
        assert.deepEqual(await session.api.streamNames(), []);
        assert.ok((await readdir(account)).includes(left));
      }
      await extract(orders.v1, { storeDirectory: directory });
      assert.deepEqual(await readdir(account), ["streams"]);
    }));

  it("is a bucket still where one is extracted under another name: its subjects and its consumers' filters follow", () =>
    inTemporaryDirectory(async (directory) => {
      const path = join(directory, "bucket");
      await using source = await LocalServer.start({ version: "2.14" });
      await using session = await openTestSession(source.url);
      const nc = session.api.connection;
      await createStream(nc, { name: "KV_users", subjects: ["$KV.users.>"], max_msgs_per_subject: 2 });
      await createConsumer(nc, "KV_users", { durable_name: "reader", filter_subject: "$KV.users.a.>" });
      for (let value = 0; value < 12; value++) await nc.request(`$KV.users.a.${value % 3}`, `${value}`);
      await backupStream(session, { stream: "KV_users", directory: path, tool: "relight test" });
      await whileStopped(
        { version: "2.15" },
        async (storeDirectory) => {
          const { changes } = await extract(path, { storeDirectory, name: "KV_people" });
          assert.match(changes.join("; "), /subjects \$KV\.users\.> become \$KV\.people\.>/);
        },
        async (server) => {
          await using found = await openTestSession(server.url);
          const { config, state } = await found.api.streamInfo("KV_people");
          assert.deepEqual([config.subjects, state.messages, state.num_subjects], [["$KV.people.>"], 6, 3]);
          const { message } = await found.api.request<{ message: { seq: number; data: string } }>(
            "STREAM.MSG.GET.KV_people",
            { last_by_subj: "$KV.people.a.2" },
          );
          assert.deepEqual([message.seq, atob(message.data)], [12, "11"]);
          const [consumer] = (await found.api.consumers("KV_people")).consumers;
          assert.deepEqual([consumer?.name, consumer?.config.filter_subject], ["reader", "$KV.people.a.>"]);
        },
      );
    }));
});
