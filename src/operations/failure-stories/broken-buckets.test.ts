import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { isRelightError } from "../../errors.ts";
import { HighwayHash } from "../../formats/filestore/highway-hash.ts";
import { streamKey } from "../../formats/filestore/highway-keys.ts";
import type { Session } from "../../jetstream/session.ts";
import { jsRequest } from "../../testing/js-request.ts";
import { openTestSession } from "../../testing/open-test-session.ts";
import { publishAll, publishOne } from "../../testing/publish.ts";
import { RandomBytes } from "../../testing/random-bytes.ts";
import { readMessages } from "../../testing/read-messages.ts";
import { SmallDisk } from "../../testing/small-disk.ts";
import { StoryServer } from "../../testing/story-server.ts";
import { createStream } from "../../testing/stream-setup.ts";
import { backupStream } from "../stream-backup/backup-stream.ts";
import { readBackup } from "../stream-restore/read-backup.ts";
import { restoreStreams } from "../stream-restore/restore-streams.ts";

const tool = "relight test";
const bucket = { name: "KV_b", subjects: ["$KV.b.>"], max_msgs_per_subject: 1, allow_direct: true };
const keyOf = (subject: string): string => subject.slice("$KV.b.".length);

/** A key's value as clients get it; undefined where the server has none. */
async function keyValue(session: Session, key: string): Promise<string | undefined> {
  const got = await session.api.connection.request(`$JS.API.DIRECT.GET.KV_b.$KV.b.${key}`, "", { timeout: 5_000 });
  return got.headers?.code ? undefined : Buffer.from(got.data).toString("latin1");
}

/** The keys that a server lists. */
async function listed(session: Session): Promise<string[]> {
  const { state } = await jsRequest<{ state: { subjects?: Record<string, number> } }>(
    session.api.connection,
    "STREAM.INFO.KV_b",
    { subjects_filter: ">" },
  );
  return Object.keys(state.subjects ?? {})
    .map(keyOf)
    .sort();
}

/** Restores a backup, and holds every key that the server lists and gives against the archive's own messages. */
async function restoresFromMessages(session: Session, directory: string, archive: string): Promise<number> {
  const [result] = await restoreStreams(session, {
    stored: await readBackup(directory),
    wishes: { ifExists: "fail" },
    tool,
  });
  assert.equal(result?.status, "restored", JSON.stringify(result));
  const newest = new Map<string, string>();
  for (const { subject, payload } of readMessages(await readFile(join(directory, archive)))) {
    newest.set(keyOf(subject), payload);
  }
  assert.deepEqual(await listed(session), [...newest.keys()].sort());
  for (const [key, value] of newest) assert.equal(await keyValue(session, key), value, key);
  return newest.size;
}

for (const version of ["2.10", "2.14", "2.15"]) {
  describe(`F25: a bucket that is broken on nats-server ${version}`, () => {
    it("its index lists another key than its messages have: what is restored is what the messages say", async (context) => {
      await using story = await StoryServer.start(version);
      await createStream(story.nc, bucket);
      const puts = Array.from({ length: 60 }, (_, index) => ({
        subject: `$KV.b.k${index % 20}`,
        payload: `v${index}`,
      }));
      await publishAll(story.nc, puts);
      await story.server.terminate("SIGTERM");
      await renameInIndex(join(story.server.storeDirectory, "jetstream", "$G", "streams", "KV_b", "msgs", "index.db"));
      await story.server.launch();
      await using session = await openTestSession(story.server.url);
      // The breakage is real: a key that is listed and not to be had, another that is there and not listed.
      const broken = await listed(session);
      assert.ok(broken.includes("x3") && !broken.includes("k3"), `the server lists ${broken}`);
      assert.equal(await keyValue(session, "x3"), undefined);

      const directory = story.path("backup");
      const made = await backupStream(session, { stream: "KV_b", directory, tool, attempts: 1 }).catch(
        (error: unknown) => error,
      );
      if (made instanceof Error) {
        assert.ok(isRelightError(made, "SNAPSHOT_INCOMPLETE") || isRelightError(made, "SNAPSHOT_FAILED"), made.message);
        context.diagnostic(`refused: ${made.message}`);
        return;
      }
      const { manifest } = made as Awaited<ReturnType<typeof backupStream>>;
      await session.api.deleteStream("KV_b");
      assert.equal(await restoresFromMessages(session, directory, manifest.archive.name), 20);
      assert.equal(await keyValue(session, "k3"), "v43");
    });

    it("its disk is full: a backup is proven or refused, and what is restored is what its messages say", async (context) => {
      using disk = SmallDisk.mount(4);
      if (!disk) return context.skip("no disk of a few MiB can be mounted here");
      await using story = await StoryServer.start(version, { storeDirectory: disk.path });
      await createStream(story.nc, bucket);
      const random = new RandomBytes("full");
      let acknowledged = 0;
      const refusal = await (async () => {
        for (; acknowledged < 1_000; acknowledged++) {
          await publishOne(story.nc, { subject: `$KV.b.k${acknowledged}`, payload: random.next(16 * 1024) });
        }
      })().catch((error: unknown) => String(error));
      assert.ok(refusal !== undefined && acknowledged > 50, `${acknowledged} of 1000: ${refusal}`);
      const directory = story.path("backup");
      const made = await backupStream(story.session, { stream: "KV_b", directory, tool, attempts: 1 }).catch(
        (error: unknown) => error,
      );
      if (made instanceof Error) {
        assert.ok(isRelightError(made) && made.code !== "INTERNAL", `a reason that has a name: ${made}`);
        context.diagnostic(`refused after ${acknowledged} keys: ${made.code}: ${made.message}`);
        return;
      }
      const { manifest } = made as Awaited<ReturnType<typeof backupStream>>;
      await using healthy = await StoryServer.start(version);
      const keys = await restoresFromMessages(healthy.session, directory, manifest.archive.name);
      context.diagnostic(`${keys} keys of ${acknowledged} that were acknowledged`);
      assert.ok(keys >= acknowledged, `${keys} of ${acknowledged} keys`);
    });
  });
}

/** Gives one subject in an index another name, with a right checksum. */
async function renameInIndex(path: string): Promise<void> {
  const bytes = await readFile(path);
  const at = bytes.indexOf("$KV.b.k3");
  assert.ok(at > 0);
  bytes.write("$KV.b.x3", at);
  const hash = new HighwayHash(streamKey("KV_b"));
  hash.update(bytes.subarray(0, bytes.length - 8));
  bytes.writeBigUInt64LE(hash.digest(), bytes.length - 8);
  await writeFile(path, bytes);
}
