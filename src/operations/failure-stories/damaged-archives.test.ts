import assert from "node:assert/strict";
import { cp, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { isRelightError } from "../../errors.ts";
import { S2Encoder } from "../../formats/s2/s2-encoder.ts";
import { asMadeByTheCli, flipBit, v1Regions, v2Regions } from "../../testing/damaged-copy.ts";
import { publishAll } from "../../testing/publish.ts";
import { answer, fetchMessages } from "../../testing/pull.ts";
import { RandomBytes } from "../../testing/random-bytes.ts";
import { StoryServer } from "../../testing/story-server.ts";
import { createConsumer, createStream, deleteMessage } from "../../testing/stream-setup.ts";
import { packS2, unpackS2 } from "../../testing/test-archive.ts";
import { backupStream } from "../stream-backup/backup-stream.ts";
import { readBackup } from "../stream-restore/read-backup.ts";
import { restoreStreams } from "../stream-restore/restore-streams.ts";

const tool = "relight test";
const step = 64 * 1024;
const isLong = process.env.RELIGHT_LONG === "1";

/** What no checksum of v1 covers (docs/formats/v1.md); the manifest's does. */
const uncoveredV1 = /^obs\/<name>\/o\.dat$/;

for (const version of isLong ? ["2.15", "2.14", "2.12", "2.10"] : ["2.15", "2.14"]) {
  const format = version === "2.15" ? "v2" : "v1";
  describe(`a damaged backup of nats-server ${version} (${format}) is refused before a restore starts`, () => {
    let story: StoryServer;
    let archiveName: string;
    const touched: string[] = [];

    before(async () => {
      story = await StoryServer.start(version);
      const { nc } = story;
      await createStream(nc, { name: "HURT", subjects: ["HURT.>"] });
      await createConsumer(nc, "HURT", { durable_name: "reader", ack_wait: 3_600_000_000_000 });
      const random = new RandomBytes("damage");
      await publishAll(
        nc,
        Array.from({ length: 80 }, (_, index) => ({
          subject: `HURT.${index % 7}`,
          payload: random.next(8 * 1024),
          ...(index % 4 === 1 ? { headers: [["X-Number", `${index}`] as const] } : {}),
        })),
      );
      await answer(nc, (await fetchMessages(nc, "HURT", "reader", 20)).slice(5));
      await deleteMessage(nc, "HURT", 41, false);
      const { manifest } = await backupStream(story.session, { stream: "HURT", directory: story.path("good"), tool });
      assert.equal(manifest.archive.format, format);
      archiveName = manifest.archive.name;
      await story.session.api.deleteStream("HURT");
      // Whoever asks the server for anything but information is heard.
      nc.subscribe("$JS.API.STREAM.*.*", {
        callback: (_error, message) => {
          if (!/\.STREAM\.(INFO|NAMES|LIST)\b/.test(message.subject)) touched.push(message.subject);
        },
      });
    });
    after(() => story[Symbol.asyncDispose]());

    /** True where the backup is refused as damaged. Otherwise it is restored, which `touched` shows, unless `dryRun` is set. */
    async function isRefused(directory: string, dryRun = false): Promise<boolean> {
      let error: unknown;
      try {
        const stored = await readBackup(directory);
        const [result] = await restoreStreams(story.session, { stored, wishes: { ifExists: "fail" }, tool, dryRun });
        if (result?.status === "planned" || result?.status === "restored") return false;
        error = result?.status === "failed" || result?.status === "refused" ? result.error : undefined;
      } catch (thrown) {
        error = thrown;
      }
      const expected = isRelightError(error, "ARCHIVE_DAMAGED") || isRelightError(error, "BACKUP_INVALID");
      assert.ok(expected, `refused as damaged, and by no accident: ${error}`);
      return true;
    }

    /** For all places at once: names those at which damage passed. */
    async function passing(places: readonly (readonly [what: string, directory: string])[]): Promise<string[]> {
      const passed: string[] = [];
      for (const [what, directory] of places) if (!(await isRefused(directory))) passed.push(what);
      assert.deepEqual(touched, [], "the server was asked for nothing but information");
      assert.equal(await story.session.api.findStream("HURT"), undefined);
      return passed;
    }

    /** A copy of the backup with other bytes as its archive. */
    async function withArchive(name: string, bytes: Uint8Array, made: "by relight" | "by the CLI"): Promise<string> {
      const copy = story.path(name);
      if (made === "by the CLI") await asMadeByTheCli(story.path("good"), copy);
      else await cp(story.path("good"), copy, { recursive: true });
      await writeFile(join(copy, archiveName), bytes);
      return copy;
    }

    it("undamaged, it would be restored, with its manifest and without", async () => {
      assert.ok(!(await isRefused(story.path("good"), true)));
      assert.ok(!(await isRefused(await asMadeByTheCli(story.path("good"), story.path("cli")), true)));
      // Framed anew it is as good: the tests below change one bit, and not the frame.
      const decoded = unpackS2(await readFile(join(story.path("good"), archiveName)));
      assert.ok(!(await isRefused(await withArchive("reframed", packS2(decoded), "by the CLI"), true)));
    });

    it("F03: truncated at every 64 KiB, with its manifest and without", async () => {
      const { size } = await stat(join(story.path("good"), archiveName));
      assert.ok(size > 8 * step);
      for (const made of ["by relight", "by the CLI"] as const) {
        const copy = await withArchive("cut", await readFile(join(story.path("good"), archiveName)), made);
        const passed: string[] = [];
        for (let at = size - 1; at >= 0; at = at % step === 0 ? at - step : at - (at % step)) {
          await truncate(join(copy, archiveName), at);
          passed.push(...(await passing([[`${at} of ${size} bytes`, copy]])));
        }
        assert.deepEqual(passed, [], made);
      }
    });

    it("F03: ended cleanly at a border of its own, as a server that gave up would", async () => {
      const decoded = unpackS2(await readFile(join(story.path("good"), archiveName)));
      const regions = format === "v1" ? v1Regions(decoded) : v2Regions(decoded);
      // Before an entry, before the end, and in the middle of either; the S2 stream around it is whole.
      const ends = regions.filter(({ what }) => /tar header|tar end|head|sentinel|payload/.test(what));
      assert.ok(ends.length >= 3);
      for (const { what, at } of ends) {
        const border = what.includes("tar header") ? at - 2 : at;
        const copy = await withArchive("ended", packS2(decoded.subarray(0, border)), "by the CLI");
        assert.deepEqual(await passing([[`ends at ${what}`, copy]]), []);
      }
    });

    it("a flipped bit in any region of the file, caught by the S2 around it: with its manifest and without", async () => {
      const decoded = unpackS2(await readFile(join(story.path("good"), archiveName)));
      const blockSize = 4_096;
      const encoder = new S2Encoder(undefined, { compress: false, blockSize });
      const framed = Buffer.concat([...encoder.push(decoded), ...encoder.end()]);
      const regions = format === "v1" ? v1Regions(decoded) : v2Regions(decoded);
      const places = [
        { what: "S2: identifier", at: 5 },
        { what: "S2: type of a frame", at: 10 },
        { what: "S2: length of a frame", at: 11 },
        { what: "S2: CRC of a frame", at: 15 },
        ...regions.map(({ what, at }) => ({
          what,
          at: 10 + Math.floor(at / blockSize) * (blockSize + 8) + 8 + (at % blockSize),
        })),
      ];
      const copy = await withArchive("flipped", framed, "by the CLI");
      assert.ok(!(await isRefused(copy, true)));
      const passed: string[] = [];
      for (const [index, { what, at }] of places.entries()) {
        // The CRC of a frame covers what is in it, whatever that is: the long run tries every region.
        if (!isLong && index > 4 && index % 3 !== 0) continue;
        const mend = await flipBit(join(copy, archiveName), at);
        passed.push(...(await passing([[what, copy]])));
        await mend();
      }
      const own = story.path("own");
      await cp(story.path("good"), own, { recursive: true });
      const { size } = await stat(join(own, archiveName));
      for (let at = 0; at < size; at += Math.floor(size / 40)) {
        const mend = await flipBit(join(own, archiveName), at);
        passed.push(...(await passing([[`byte ${at}`, own]])));
        await mend();
      }
      assert.deepEqual(passed, []);
    });

    it("F66: a flipped bit inside, with right S2 checksums around it", async () => {
      const decoded = unpackS2(await readFile(join(story.path("good"), archiveName)));
      const regions =
        format === "v1"
          ? v1Regions(decoded).map((region) => ({ ...region, isCaught: !uncoveredV1.test(region.what) }))
          : v2Regions(decoded);
      const passed: string[] = [];
      for (const { what, at, isCaught } of regions) {
        const copy = decoded.slice();
        copy[at] = (copy[at] as number) ^ 4;
        const archive = packS2(copy);
        // The manifest knows every byte; the formats' own checksums do not cover all of them.
        const places = [[`${what}, with manifest`, await withArchive("inside", archive, "by relight")] as const];
        passed.push(...(await passing(places)));
        if (isCaught) passed.push(...(await passing([[what, await withArchive("inside-cli", archive, "by the CLI")]])));
      }
      assert.deepEqual(passed, []);
      if (format === "v1") assert.ok(regions.some(({ what }) => what === "tombstone"));
    });

    it("backup.json and relight.json: a flipped bit in any byte", async () => {
      const copy = story.path("described");
      await cp(story.path("good"), copy, { recursive: true });
      for (const name of ["backup.json", "relight.json"]) {
        const bytes = await readFile(join(copy, name));
        const passed: number[] = [];
        for (let at = 0; at < bytes.length; at += isLong ? 1 : 11) {
          const changed = Buffer.from(bytes);
          changed[at] = (bytes[at] as number) ^ (1 << (at % 7));
          await writeFile(join(copy, name), changed);
          const error = await readBackup(copy).then(
            () => undefined,
            (thrown: unknown) => thrown,
          );
          if (!isRelightError(error, "BACKUP_INVALID")) passed.push(at);
        }
        assert.deepEqual(passed, [], name);
        await writeFile(join(copy, name), bytes);
      }
      assert.ok(!(await isRefused(copy, true)));
    });

    it("without relight.json, a backup.json that is empty, cut, or of another stream", async () => {
      const copy = await asMadeByTheCli(story.path("good"), story.path("cli-described"));
      const text = await readFile(join(copy, "backup.json"), "utf8");
      for (const changed of ["", text.slice(0, text.length >> 1), "{}", text.replace("HURT", "OTHER")]) {
        await writeFile(join(copy, "backup.json"), changed);
        // A v2 archive does not know its stream's name, so that a rename is nothing that could be found out.
        if (format === "v2" && changed.includes("OTHER")) continue;
        assert.ok(await isRefused(copy), changed.slice(0, 20));
      }
    });
  });
}
