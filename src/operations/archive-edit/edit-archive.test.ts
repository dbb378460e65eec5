import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
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
import { blk } from "../../testing/v1-entries.ts";
import { writeBackup } from "../../testing/write-backup.ts";
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
  options: Partial<EditOptions>,
): Promise<EditResult> {
  const path = writeBackup(join(directory, `in-${readdirSync(directory).length}`), archive, { format: from, config });
  const [stored] = await readBackup(path);
  assert.ok(stored);
  return editArchive(stored, { spec: {}, tool: "test", target: join(directory, "out"), force: true, ...options });
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
});
