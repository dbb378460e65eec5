import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { ArchivedConsumer } from "../../formats/archive/archive-report.ts";
import { writeArchive } from "../../formats/write-archive.ts";
import { LocalServer } from "../../local/local-server.ts";
import { openTestSession } from "../../testing/open-test-session.ts";
import { readStream } from "../../testing/read-stream.ts";
import { type RelightRun, runRelight } from "../../testing/relight-process.ts";
import { StoryServer } from "../../testing/story-server.ts";
import { writeBackup } from "../../testing/write-backup.ts";

const odd = ["a b", "a.b", "a*", ">", "a/b", "a\\b"];

function consumer(name: string): ArchivedConsumer {
  const position = { consumer: 4, stream: 4 };
  const none = { length: 0, stream: new Float64Array(), count: new Float64Array() };
  const pending = { length: 0, stream: none.stream, consumer: none.count, time: new BigInt64Array() };
  const config = { durable_name: name, name, ack_policy: "explicit", deliver_policy: "all" };
  return {
    name,
    created: "2026-01-02T03:04:05Z",
    config,
    state: { delivered: position, ackFloor: position, pending, redelivered: none },
  };
}

/** A backup of a stream with consumers of these names, as none of today's servers would make it. */
async function forge(path: string, format: "v1" | "v2", names: readonly string[]): Promise<string> {
  const pieces: Uint8Array[] = [];
  const config = { name: "ODD", subjects: ["odd.>"], storage: "file", num_replicas: 1, retention: "limits" };
  const messages = Array.from({ length: 10 }, (_, index) => ({
    sequence: index + 1,
    time: 1_767_323_045_000_000_000n + BigInt(index),
    subject: "odd.a",
    headers: new Uint8Array(),
    payload: new TextEncoder().encode(`${index}`),
  }));
  const created = "2026-01-02T03:04:05Z";
  const heads: Uint8Array[] = [];
  await writeArchive(
    { format, config, created, messages, consumers: names.map(consumer) },
    { write: (piece) => void pieces.push(piece.slice()), writeHead: (head) => void heads.push(head.slice()) },
  );
  const archive = Buffer.concat(pieces);
  for (const head of heads) archive.set(head, 0);
  return writeBackup(path, archive, { format, config });
}

for (const version of ["2.9", "2.10", "2.14", "2.15"]) {
  describe(`F16: a backup with consumers of names that nats-server ${version} does not take`, () => {
    let story: StoryServer;
    before(async () => {
      story = await StoryServer.start(version);
    });
    after(() => story[Symbol.asyncDispose]());
    const relight = (...args: string[]): Promise<RelightRun> => runRelight(story.directory, args);

    for (const format of version === "2.15" ? (["v1", "v2"] as const) : (["v1"] as const)) {
      it(`${format}: restores but for those, each of which is named with the reason, and the others stand where they stood`, async () => {
        // What has a slash in its name cannot be told from a directory in a tar.
        const names = format === "v1" ? odd.filter((name) => !name.includes("/")) : odd;
        const path = await forge(story.path(`odd-${format}`), format, [...names, "billing"]);
        const run = await relight("stream", "restore", path, "-s", story.server.url, "--no-progress");
        assert.equal(run.code, 0, run.stderr);
        for (const name of names) {
          assert.ok(run.stdout.includes(`consumer "${name}" is left out: no server takes its name`), run.stdout);
        }
        const { consumers, messages } = await readStream(story.nc, "ODD");
        assert.equal(messages.length, 10);
        assert.deepEqual(
          consumers.map(({ name, ack_floor }) => [name, ack_floor.stream_seq]),
          [["billing", 4]],
        );
        await story.session.api.deleteStream("ODD");
      });

      it(`${format}: is extracted into the store of a stopped server but for those`, async () => {
        const names = format === "v1" ? odd.filter((name) => !name.includes("/")) : odd;
        const path = await forge(story.path(`extracted-${format}`), format, [...names, "billing"]);
        await using server = await LocalServer.start({ version });
        await server.terminate("SIGTERM");
        const run = await relight("archive", "extract", path, server.storeDirectory, "--for-server", version);
        assert.equal(run.code, 0, run.stderr);
        for (const name of names) {
          assert.ok(run.stdout.includes(`consumer "${name}" is left out: no server takes its name`), run.stdout);
        }
        await server.launch();
        await using session = await openTestSession(server.url);
        const { consumers, messages } = await readStream(session.api.connection, "ODD");
        assert.deepEqual([messages.length, consumers.map(({ name }) => name)], [10, ["billing"]]);
      });
    }
  });
}
