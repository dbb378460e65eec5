import assert from "node:assert/strict";
import { readFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { snapshotStream } from "../../jetstream/snapshot.ts";
import { LocalServer } from "../../local/local-server.ts";
import { flipBit } from "../../testing/damaged-copy.ts";
import { openTestSession } from "../../testing/open-test-session.ts";
import { type ReadMessage, readMessages } from "../../testing/read-messages.ts";
import { type RelightRun, runRelight, summaryOf } from "../../testing/relight-process.ts";
import { ShippedSchemas } from "../../testing/shipped-schemas.ts";
import { StoryServer } from "../../testing/story-server.ts";
import { recordOffsets } from "../../testing/tar-layout.ts";
import { join as joined } from "../../testing/test-archive.ts";
import { writeBackup } from "../../testing/write-backup.ts";
import { backupStream } from "../stream-backup/backup-stream.ts";
import { readBackup } from "../stream-restore/read-backup.ts";
import { restoreStreams } from "../stream-restore/restore-streams.ts";

const tool = "relight test";
const schemas = new ShippedSchemas();
const versions = process.env.RELIGHT_LONG === "1" ? ["2.9", "2.10", "2.11", "2.12", "2.14"] : ["2.10", "2.14"];
/** 2.14 notices at its start, and drops what follows the damage in that block: there, and near it, it rots while they run. */
const noticeAtStart = ["2.11", "2.12", "2.14"];
const count = 12 * 64;

interface Salvage {
  readonly lost: readonly (readonly [number, number])[];
  readonly lost_is_exact: boolean;
  readonly damages: readonly { readonly entry: string | null; readonly offset: number | null }[];
}

/** What `archive verify --json` says of one backup. */
interface VerdictLine {
  readonly sound: boolean;
  readonly readable_messages: number | null;
  readonly salvage: Salvage | null;
  readonly findings: readonly { readonly message: string }[];
}

for (const version of versions) {
  describe(`F09: a v1 backup that carries the rot of the store of nats-server ${version}`, { concurrency: 1 }, () => {
    let story: StoryServer;
    let rotten: string;
    let good: readonly ReadMessage[];
    /** Of two damaged records in the first of two blocks: one in its payload, one in its length. */
    const damaged = [6, 100];
    const lost = damaged.map((sequence): [number, number] => [sequence, sequence]);

    before(async () => {
      story = await StoryServer.start(version);
      await story.fill("ROTTEN", 12);
      const { manifest } = await backupStream(story.session, { stream: "ROTTEN", directory: story.path("good"), tool });
      good = readMessages(await readFile(story.path(join("good", manifest.archive.name))));
      assert.equal(good.length, count);
      const restarts = !noticeAtStart.includes(version);
      if (restarts) await story.server.terminate("SIGTERM");
      const block = join(story.server.storeDirectory, "jetstream", "$G", "streams", "ROTTEN", "msgs", "1.blk");
      const offsets = recordOffsets(await readFile(block));
      await flipBit(block, (offsets[(damaged[0] as number) - 1] as number) + 4_000);
      await flipBit(block, (offsets[(damaged[1] as number) - 1] as number) + 1, 3);
      if (restarts) await story.server.launch();
      // What the `nats` CLI does: it takes what comes for a good backup.
      await using session = await openTestSession(story.server.url);
      assert.equal((await session.api.streamInfo("ROTTEN")).state.messages, count, "the server has not noticed");
      const snapshot = await snapshotStream(session.api.connection, "ROTTEN");
      const pieces: Uint8Array[] = [];
      for await (const piece of snapshot.chunks) pieces.push(piece.slice());
      rotten = writeBackup(story.path("rotten"), joined(pieces), { format: "v1", config: snapshot.config });
    });
    after(() => story[Symbol.asyncDispose]());

    const relight = (...args: readonly string[]): Promise<RelightRun> => runRelight(story.directory, args);
    async function verdict(path: string): Promise<VerdictLine & { readonly code: number | null }> {
      const run = await relight("archive", "verify", path, "--json");
      const lines = run.stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as VerdictLine);
      for (const line of lines) schemas.check("archive-verify", line);
      return { ...(lines[0] as VerdictLine), code: run.code };
    }

    it("a backup is refused, and the place is named", async () => {
      await using session = await openTestSession(story.server.url);
      await assert.rejects(
        backupStream(session, { stream: "ROTTEN", directory: story.path("refused"), tool, attempts: 1 }),
        /msgs\/1\.blk: the record at /,
      );
    });

    it("verify names the damage, and what can be read before it, between and behind it", async () => {
      const { code, sound, readable_messages, salvage, findings } = await verdict(rotten);
      assert.deepEqual([code, sound, readable_messages], [13, false, count - 2]);
      assert.match(findings[0]?.message ?? "", /^msgs\/1\.blk: the record at \d+ of the block has a wrong checksum/);
      assert.deepEqual([salvage?.lost, salvage?.lost_is_exact], [lost, true]);
      assert.deepEqual(
        salvage?.damages.map(({ entry }) => entry),
        ["msgs/1.blk", "msgs/1.blk"],
      );
      const { stdout } = await relight("archive", "verify", rotten);
      assert.match(stdout, /still readable: 766 messages, sequences 1 to 768, 0 consumers\n/);
      assert.match(stdout, /lost: 2 messages, sequences 6, 100\n/);
    });

    it("nothing reads it without being asked to", async () => {
      for (const args of [
        ["convert", rotten, story.path("never")],
        ["edit", rotten, "--dry-run"],
        ["extract", rotten, story.path("never")],
        ["export", rotten],
        ["ls", rotten],
        ["cat", rotten, "700"],
      ]) {
        assert.equal((await relight("archive", ...args)).code, 13, args.join(" "));
      }
    });

    it("convert --salvage makes a sound backup of the rest, which restores, and says what is lost", async () => {
      const mended = story.path("mended");
      const before = await readFile(join(rotten, "stream.tar.s2"));
      const run = await relight("archive", "convert", rotten, mended, "--salvage", "--json");
      assert.equal(run.code, 3, run.stderr);
      const summary = summaryOf(run);
      schemas.check("archive-edit", summary);
      assert.deepEqual((summary.salvage as Salvage).lost, lost);
      assert.deepEqual(await readFile(join(rotten, "stream.tar.s2")), before, "the source is as it was");
      const [made] = await readBackup(mended);
      assert.match(made?.manifest?.notes.join() ?? "", /salvaged: lost: 2 messages, sequences 6, 100/);
      assert.deepEqual([(await verdict(mended)).code, (await verdict(mended)).sound], [0, true]);

      await using target = await StoryServer.start(version);
      const [result] = await restoreStreams(target.session, {
        stored: await readBackup(mended),
        wishes: { ifExists: "fail" },
        tool,
      });
      assert.equal(result?.status, "restored", JSON.stringify(result));
      const { manifest } = await backupStream(target.session, {
        stream: "ROTTEN",
        directory: target.path("back"),
        tool,
      });
      const back = readMessages(await readFile(target.path(join("back", manifest.archive.name))));
      assert.deepEqual(
        back,
        good.filter(({ sequence }) => !damaged.includes(sequence)),
      );
    });

    it("edit --salvage makes a part of the rest, and says what is lost of all", async () => {
      const part = story.path("part");
      const run = await relight("archive", "edit", rotten, part, "--salvage", "--first-seq", "50", "--json");
      assert.equal(run.code, 3, run.stderr);
      const summary = summaryOf(run);
      schemas.check("archive-edit", summary);
      assert.deepEqual((summary.salvage as Salvage).lost, lost);
      assert.deepEqual(
        readMessages(await readFile(join(part, "stream.tar.s2"))),
        good.filter(({ sequence }) => sequence >= 50 && !damaged.includes(sequence)),
      );
      assert.equal((await relight("archive", "edit", rotten, "--salvage", "--dry-run")).code, 3);
    });

    it("extract --salvage puts the rest into the store of a stopped server, which serves it after a kill -9 too", async () => {
      await using server = await LocalServer.start({ version });
      await server.terminate("SIGTERM");
      const args = [rotten, server.storeDirectory, "--salvage", "--for-server", server.version];
      const run = await relight("archive", "extract", ...args, "--json");
      assert.equal(run.code, 3, run.stderr);
      const summary = summaryOf(run);
      schemas.check("archive-extract", summary);
      assert.deepEqual([(summary.salvage as Salvage).lost, summary.messages], [lost, count - 2]);
      for (let start = 0; start < 2; start++) {
        await server.launch();
        await using session = await openTestSession(server.url);
        const directory = story.path(`extracted-${start}`);
        const { manifest } = await backupStream(session, { stream: "ROTTEN", directory, tool });
        assert.deepEqual(
          readMessages(await readFile(join(directory, manifest.archive.name))),
          good.filter(({ sequence }) => !damaged.includes(sequence)),
        );
        await server.kill();
      }
    });

    it("export --salvage writes every message that is left, and names the others on stderr", async () => {
      const run = await relight("archive", "export", rotten, "--salvage", "--base64");
      assert.equal(run.code, 3);
      const lines = run.stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as { seq: number; data_base64: string });
      assert.deepEqual(
        lines.map(({ seq, data_base64 }) => [seq, Buffer.from(data_base64, "base64").toString("latin1")]),
        good.filter(({ sequence }) => !damaged.includes(sequence)).map(({ sequence, payload }) => [sequence, payload]),
      );
      assert.match(run.stderr, /lost: 2 messages, sequences 6, 100\n/);
    });

    it("a backup of Relight's own that was cut off later tells what is left of it, and how much is gone", async () => {
      const path = story.path("good");
      const archive = join(path, "stream.tar.s2");
      const { length } = await readFile(archive);
      await truncate(archive, Math.floor(length / 2));
      const { code, readable_messages: left, salvage } = await verdict(path);
      assert.equal(code, 13);
      assert.ok(left !== null && left > count / 2 - 80 && left < count, `${left}`);
      assert.deepEqual(salvage?.lost, [[left + 1, count]]);
      const run = await relight("archive", "convert", path, story.path("half"), "--salvage");
      assert.equal(run.code, 3, run.stderr);
      assert.match(run.stdout, new RegExp(`lost: ${count - left} messages, sequences ${left + 1}-${count}`));
    });
  });
}
