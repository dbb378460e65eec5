import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Session } from "../../jetstream/session.ts";
import { LocalServer, type LocalServerOptions } from "../../local/local-server.ts";
import { openTestSession } from "../../testing/open-test-session.ts";
import { publishAll } from "../../testing/publish.ts";
import { createStream } from "../../testing/stream-setup.ts";
import { backupStream } from "../stream-backup/backup-stream.ts";
import { readBackup } from "../stream-restore/read-backup.ts";
import { extractArchive } from "./extract-archive.ts";
import { extractStreams } from "./extract-streams.ts";

const tool = "relight test";

async function reaches(session: Session, stream: string, messages: number): Promise<void> {
  for (const until = Date.now() + 30_000; ; await sleep(50)) {
    const { state } = await session.api.streamInfo(stream);
    if (state.messages === messages) return;
    assert.ok(state.messages < messages && Date.now() < until, `${stream} has ${state.messages}, not ${messages}`);
  }
}

/** nats-server 2.15 knows its origins by their creation time, which the `nats` CLI's backups do not tell. */
describe("streams that are extracted together", () => {
  let home: string;
  const names = ["COPY", "ORIGIN", "OTHER"];
  before(async () => {
    home = await mkdtemp(join(tmpdir(), "relight-extract-"));
    await using server = await LocalServer.start({ version: "2.15" });
    await using session = await openTestSession(server.url);
    const nc = session.api.connection;
    await createStream(nc, { name: "ORIGIN", subjects: ["origin.>"] });
    await createStream(nc, { name: "COPY", subjects: ["copy.>"], sources: [{ name: "ORIGIN" }] });
    await createStream(nc, { name: "OTHER", subjects: ["other.>"] });
    await publishAll(
      nc,
      Array.from({ length: 20 }, (_, index) => ({ subject: `origin.${index}`, payload: `${index}` })),
    );
    await reaches(session, "COPY", 20);
    for (const stream of names) {
      await backupStream(session, { stream, directory: join(home, "all", stream), tool });
      await rm(join(home, "all", stream, "relight.json"));
    }
  });
  after(() => rm(home, { recursive: true }));

  /** What the copy has when it has got something new from its origin. */
  async function copied(
    options: LocalServerOptions,
    extract: (storeDirectory: string) => Promise<void>,
  ): Promise<number> {
    await using server = await LocalServer.start({ version: "2.15", ...options });
    await server.terminate("SIGTERM");
    await extract(server.storeDirectory);
    await server.launch();
    await using session = await openTestSession(server.url);
    await reaches(session, "ORIGIN", 20);
    await publishAll(session.api.connection, [{ subject: "origin.new", payload: "new" }]);
    // What it copies again is there before what is new.
    for (const until = Date.now() + 30_000; ; await sleep(50)) {
      const { message } = await session.api.request<{ message: { subject: string } }>("STREAM.MSG.GET.COPY", {
        seq: (await session.api.streamInfo("COPY")).state.last_seq,
      });
      if (message.subject === "origin.new") return (await session.api.streamInfo("COPY")).state.messages;
      assert.ok(Date.now() < until, "it does not copy");
    }
  }

  async function together(storeDirectory: string): Promise<void> {
    const results = await extractStreams(await readBackup(join(home, "all")), { storeDirectory });
    assert.deepEqual(
      results.map(({ status }) => status),
      ["extracted", "extracted", "extracted"],
    );
  }

  async function oneByOne(storeDirectory: string): Promise<void> {
    for (const stored of await readBackup(join(home, "all"))) {
      const { notes } = await extractArchive(stored, { storeDirectory });
      assert.equal(/nats-server 2\.15 copies all of it again/.test(notes.join()), stored.stream === "COPY");
    }
  }

  it("V1-78 go on copying where they stood, though their origin's creation time is new", async () => {
    assert.equal(await copied({}, together), 21);
  });

  it("V1-78 and so in an encrypted store, whose server gives every stream a new creation time", async () => {
    assert.equal(await copied({ encryptionKey: "a key" }, together), 21);
  });

  it("would copy all of it again where they are extracted one by one, of which a note warns", async () => {
    assert.equal(await copied({}, oneByOne), 41);
  });

  it("are not told of an origin that could not be extracted: whoever makes it anew has all of it copied", async () => {
    const storeDirectory = await mkdtemp(join(home, "store-"));
    const streams = await readBackup(join(home, "all"));
    await extractArchive(streams.find(({ stream }) => stream === "ORIGIN") as (typeof streams)[0], { storeDirectory });
    const results = await extractStreams(streams, { storeDirectory });
    assert.deepEqual(
      results.map(({ stream, status }) => [stream, status]),
      [
        ["ORIGIN", "failed"],
        ["COPY", "extracted"],
        ["OTHER", "extracted"],
      ],
    );
    const files = await readdir(join(storeDirectory, "jetstream", "$G", "streams", "COPY"));
    assert.equal(files.includes("sources.db"), false);
  });

  it("have each a result of its own: what stands there already is left, and a dry run touches nothing", async () => {
    const storeDirectory = await mkdtemp(join(home, "store-"));
    const streams = await readBackup(join(home, "all"));
    const planned = await extractStreams(streams, { storeDirectory, dryRun: true });
    assert.deepEqual(
      planned.map(({ stream, status }) => [stream, status]),
      ["ORIGIN", "COPY", "OTHER"].map((name) => [name, "planned"]),
    );
    assert.deepEqual(await readdir(storeDirectory), []);
    await extractStreams(streams.slice(2), { storeDirectory });
    const results = await extractStreams(streams, { storeDirectory });
    assert.deepEqual(
      results.map(({ stream, status }) => [stream, status]).sort(),
      names.map((name) => [name, name === "OTHER" ? "failed" : "extracted"]),
    );
    const failed = results.find((one) => one.status === "failed");
    assert.equal(failed?.status === "failed" && failed.error.code, "STREAM_EXISTS");
  });

  it("are left where they are when the run is cancelled", async () => {
    const storeDirectory = await mkdtemp(join(home, "store-"));
    const aborted = new AbortController();
    const results = await extractStreams(await readBackup(join(home, "all")), {
      storeDirectory,
      signal: aborted.signal,
      onResult: () => aborted.abort(),
    }).catch((error: { code: string }) => error.code);
    assert.equal(results, "CANCELLED");
    assert.deepEqual(await readdir(join(storeDirectory, "jetstream", "$G", "streams")), ["ORIGIN"]);
  });
});
