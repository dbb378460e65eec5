import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { isRelightError } from "../../errors.ts";
import { archiveName } from "../../formats/directory/backup-json.ts";
import { editArchiveBytes } from "../../testing/edit-archive-bytes.ts";
import { sampleBytes } from "../../testing/kernel-samples.ts";
import { archiveV2 } from "../../testing/natsarc-writer.ts";
import { inspectArchive } from "../../testing/read-messages.ts";
import { inTemporaryDirectory } from "../../testing/temporary-directory.ts";
import { metaEntries, packS2, tarOf, unpackS2 } from "../../testing/test-archive.ts";
import { blk, index, lastChecksum, range } from "../../testing/v1-entries.ts";
import { writeBackup } from "../../testing/write-backup.ts";
import { openSalvaged } from "../archive-salvage/salvage-stored.ts";
import { readBackup } from "../stream-restore/read-backup.ts";
import { type EditOptions, type EditResult, editArchive } from "./edit-archive.ts";

const config = { name: "S", subjects: [">"], storage: "file", retention: "limits" };
/** Half of it compresses: what goes through a thread of its own is several times what is under way at once. */
const content = Buffer.concat([
  sampleBytes({ kind: "text", length: 60_000, seed: 1 }),
  sampleBytes({ kind: "random", length: 60_000, seed: 2 }),
]);
const large = (messages: number): Uint8Array =>
  packS2(
    archiveV2({
      messages: Array.from({ length: messages }, (_, index) => ({
        sequence: index + 1,
        name: `s.${index % 3}`,
        time: 1_700_000_000_000_000_000n + BigInt(index),
        payload: content,
      })),
    }),
  );

type Format = "v1" | "v2";

async function edit(
  directory: string,
  archive: Uint8Array,
  from: Format,
  { dryRun = false, ...options }: Partial<EditOptions> & { readonly dryRun?: boolean },
): Promise<EditResult> {
  const path = writeBackup(join(directory, `in-${readdirSync(directory).length}`), archive, { format: from, config });
  const [stored] = await readBackup(path);
  assert.ok(stored);
  const target = dryRun ? {} : { target: join(directory, "out") };
  return editArchive(stored, { spec: {}, tool: "test", force: true, ...target, ...options });
}

/** The archive that was made, which its manifest describes. */
function made(directory: string, { manifest }: EditResult, format: Format): Buffer {
  const bytes = readFileSync(join(directory, "out", archiveName(format)));
  assert.equal(manifest?.archive.bytes, bytes.length);
  assert.equal(manifest?.archive.sha256, createHash("sha256").update(bytes).digest("hex"));
  return bytes;
}

/** The same content, and no more space; blocks may end elsewhere. */
function same(archive: Uint8Array, expected: Uint8Array): void {
  assert.ok(Buffer.from(unpackS2(archive)).equals(unpackS2(expected)));
  assert.ok(archive.length < expected.length * 1.1, `${archive.length} bytes instead of ${expected.length}`);
}

describe("an edit in several threads", { timeout: 60_000 }, () => {
  it("keeps every message where the index of a v1 archive is older than its last messages, large or small", () =>
    inTemporaryDirectory(async (directory) => {
      for (const count of [10, 60_000]) {
        const block = blk(1, range(1, count));
        const early = index({ blocks: [{ number: 1, first: 1, last: 6 }], lastChecksum: 1n });
        const archive = packS2(tarOf([...metaEntries("S"), block, early]));
        const result = await edit(directory, archive, "v1", { format: "v2" });
        assert.equal(result.report.messages, count);
        assert.equal(inspectArchive(made(directory, result, "v2")).live.messages, count);
        const { report } = await edit(directory, archive, "v1", { dryRun: true });
        assert.equal(report.messages, count);
      }
    }));

  for (const format of ["v1", "v2"] as const) {
    for (const messages of [3, 400]) {
      it(`writes ${messages} large messages as ${format} as one thread does, there and back`, () =>
        inTemporaryDirectory(async (directory) => {
          const source = large(messages);
          const there = made(directory, await edit(directory, source, "v2", { format }), format);
          const created = format === "v1" ? inspectArchive(there).stream?.created : "";
          assert.ok(created !== undefined);
          const alone = editArchiveBytes(source, { target: { format, config, created } });
          same(there, alone.archive);
          const back = made(directory, await edit(directory, there, format, { format: "v2" }), "v2");
          const expected = editArchiveBytes(there, { target: { format: "v2", config, created } });
          same(back, expected.archive);
          assert.equal(expected.head, undefined, "the head was foretold");
        }));
    }
  }

  it("is read back anew where the beginning was not what was foretold", () =>
    inTemporaryDirectory(async (directory) => {
      // The last message was removed, later than the one before it came: the time of that is not what the stream ends with.
      const records = Array.from({ length: 300 }, (_, index) => ({
        sequence: index + 1,
        subject: "a",
        time: 1_700_000_000_000_000_000n + BigInt(index),
        payload: content,
      }));
      const v1 = packS2(
        tarOf([
          ...metaEntries("S"),
          blk(1, [...records, { sequence: 301, tombstone: true, time: 1_800_000_000_000_000_000n }]),
        ]),
      );
      const foretold = editArchiveBytes(v1, { target: { format: "v2", config, created: "" } });
      assert.ok(foretold.head, "the head had to be replaced");
      const result = await edit(directory, v1, "v1", { format: "v2" });
      same(made(directory, result, "v2"), foretold.archive);
      assert.equal(result.manifest?.content.streamLastSequence, 301);
    }));

  it("filters, with the head that is known at the end", () =>
    inTemporaryDirectory(async (directory) => {
      const source = large(300);
      const spec = { select: { subjects: ["s.1"] } };
      const result = await edit(directory, source, "v2", { spec });
      const expected = editArchiveBytes(source, { spec, target: { format: "v2", config, created: "" } });
      assert.ok(expected.head);
      same(made(directory, result, "v2"), expected.archive);
      assert.equal(result.report.messages, 100);
    }));

  it("leaves nothing where a record is damaged whose block's checksum is right, or where it is cancelled", () =>
    inTemporaryDirectory(async (directory) => {
      const entry = blk(1, [1, 2, 3]);
      const at = entry.content.length - 9;
      entry.content[at] = (entry.content[at] ?? 0) ^ 1;
      const damaged = packS2(tarOf([...metaEntries("S"), entry]));
      await assert.rejects(
        edit(directory, damaged, "v1", { format: "v2" }),
        (error) => isRelightError(error, "ARCHIVE_DAMAGED") && error.message.includes("wrong checksum"),
      );
      const source = large(400);
      for (const after of [1, 2 * 1024 * 1024]) {
        const controller = new AbortController();
        const onRead = (bytes: number): void => {
          if (bytes >= after) controller.abort();
        };
        const run = edit(directory, source, "v2", { format: "v1", signal: controller.signal, onRead });
        await assert.rejects(run);
      }
      assert.ok(!existsSync(join(directory, "out")));
      assert.deepEqual(
        readdirSync(directory).filter((name) => name.includes("partial")),
        [],
      );
    }));

  it("V1-79 is not made of an archive that lacks a block which its index lists, but where somebody was told", () =>
    inTemporaryDirectory(async (directory) => {
      const last = blk(3, range(21, 30));
      const blocks = [1, 2, 3].map((number) => ({ number, first: number * 10 - 9, last: number * 10 }));
      const listed = index({ blocks, lastChecksum: lastChecksum(last) });
      const skipped = packS2(tarOf([...metaEntries("S"), blk(1, range(1, 10)), last, listed]));
      for (const format of ["v1", "v2"] as const) {
        for (const spec of [{}, { select: { lastSequence: 5 } }]) {
          await assert.rejects(
            edit(directory, skipped, "v1", { format, spec }),
            (error) =>
              isRelightError(error, "ARCHIVE_DAMAGED") &&
              error.message.includes("10 live messages of block 2 (sequences 11 to 20) are missing"),
          );
        }
      }
      assert.ok(!existsSync(join(directory, "out")));
      const [stored] = await readBackup(join(directory, "in-0"));
      assert.ok(stored);
      await using salvaged = await openSalvaged(stored);
      assert.deepEqual([...salvaged.salvage.lost], [[11, 20]]);
      const result = await editArchive(salvaged.stored, { spec: {}, tool: "test", target: join(directory, "out") });
      const report = inspectArchive(made(directory, result, "v1"));
      assert.deepEqual(
        [report.problems, [...report.live.ranges]],
        [
          [],
          [
            [1, 10],
            [21, 30],
          ],
        ],
      );
    }));

  it("of what was salvaged, still says when the stream was created, which a v2 archive does not", () =>
    inTemporaryDirectory(async (directory) => {
      await edit(directory, large(3), "v2", {});
      const [stored] = await readBackup(join(directory, "out"));
      assert.ok(stored?.manifest);
      const created = "2026-01-02T03:04:05Z";
      await using salvaged = await openSalvaged({ ...stored, manifest: { ...stored.manifest, created } });
      const target = join(directory, "again");
      const { manifest } = await editArchive(salvaged.stored, { spec: {}, tool: "test", target });
      assert.deepEqual([manifest?.archive.format, manifest?.created], ["v2", created]);
    }));

  it("as v2, still says when the stream was created where only the v1 archive said it", () =>
    inTemporaryDirectory(async (directory) => {
      const source = packS2(tarOf([...metaEntries("S"), blk(1, range(1, 10))]));
      const { created } = inspectArchive(source).stream ?? {};
      const { manifest } = await edit(directory, source, "v1", { format: "v2" });
      assert.deepEqual([manifest?.archive.format, manifest?.created], ["v2", created]);
      assert.ok(created);
    }));

  it("is not made of an archive that took the place of the one in the manifest", () =>
    inTemporaryDirectory(async (directory) => {
      await edit(directory, large(3), "v2", {});
      const out = join(directory, "out");
      const other = packS2(archiveV2({ messages: [{ sequence: 1, name: "s.0", payload: content }] }));
      const [stored] = await readBackup(out);
      assert.ok(stored);
      writeFileSync(join(out, archiveName("v2")), other);
      await assert.rejects(
        editArchive(stored, { spec: {}, tool: "test", target: join(directory, "again") }),
        (error) => isRelightError(error, "ARCHIVE_DAMAGED") && /holds 1 messages, and had 3/.test(error.message),
      );
      assert.ok(!existsSync(join(directory, "again")));
    }));

  it("obfuscated, keeps every key that it had: those of a key file that goes on, and those of another backup", () =>
    inTemporaryDirectory(async (directory) => {
      const of = (name: string): Uint8Array => packS2(archiveV2({ messages: [{ sequence: 1, name, payload: "x" }] }));
      const keyFile = join(directory, "out.keys.json");
      const keysOf = (): string[] =>
        Object.values(JSON.parse(readFileSync(keyFile, "utf8")).map as Record<string, string>);
      await edit(directory, of("one"), "v2", { obfuscate: {} });
      assert.deepEqual(keysOf().sort(), ["S", "one"]);
      const before = readFileSync(keyFile);
      await assert.rejects(
        edit(directory, of("two"), "v2", { obfuscate: {} }),
        (error) => isRelightError(error, "BACKUP_EXISTS") && error.hint.includes(`--obfuscation-key ${keyFile}`),
      );
      assert.deepEqual(readFileSync(keyFile), before);
      await edit(directory, of("two"), "v2", { obfuscate: { keyFile } });
      assert.deepEqual(keysOf().sort(), ["S", "one", "two"]);
      assert.deepEqual(
        readdirSync(directory).filter((name) => name.includes("partial")),
        [],
      );
    }));

  it("says what it does not rename, and where renamed subjects become one", () =>
    inTemporaryDirectory(async (directory) => {
      const archive = packS2(archiveV2({ messages: [{ sequence: 1, name: "a.b" }] }));
      const path = writeBackup(join(directory, "in"), archive, {
        format: "v2",
        config: { ...config, max_msgs_per_subject: 1, republish: { src: "a.>", dest: "r.>" } },
      });
      const [stored] = await readBackup(path);
      assert.ok(stored);
      const notesOf = async (to: string): Promise<string> =>
        (await editArchive(stored, { spec: { subjectRules: [{ from: "a.*", to }] }, tool: "test" })).notes.join("; ");
      assert.match(await notesOf("b.$1"), /^republish in the configuration: their subjects are as they were$/);
      assert.match(await notesOf("b"), /max_msgs_per_subject is 1: where several subjects have become one/);
    }));
});
