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
import { inTemporaryDirectory } from "../../testing/temporary-directory.ts";
import { metaEntries, packS2, tarOf } from "../../testing/test-archive.ts";
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

describe("an edit in several threads", { timeout: 60_000 }, () => {
  for (const format of ["v1", "v2"] as const) {
    for (const messages of [3, 400]) {
      it(`writes ${messages} large messages as ${format} as one thread does, there and back`, () =>
        inTemporaryDirectory(async (directory) => {
          const source = large(messages);
          const there = made(directory, await edit(directory, source, "v2", { format }), format);
          const created = there.length > 0 ? "1970-01-01T00:00:00Z" : "";
          const alone = editArchiveBytes(source, { target: { format, config, created } });
          // The time of creation differs where the source does not say it.
          if (format === "v2") assert.ok(there.equals(alone.archive));
          else assert.ok(Math.abs(there.length - alone.archive.length) < 2048);
          const back = made(directory, await edit(directory, there, format, { format: "v2" }), "v2");
          const expected = editArchiveBytes(there, { target: { format: "v2", config, created } });
          assert.ok(back.equals(expected.archive));
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
      assert.ok(made(directory, result, "v2").equals(foretold.archive));
      assert.equal(result.manifest?.content.streamLastSequence, 301);
    }));

  it("filters, with the head that is known at the end", () =>
    inTemporaryDirectory(async (directory) => {
      const source = large(300);
      const spec = { select: { subjects: ["s.1"] } };
      const result = await edit(directory, source, "v2", { spec });
      const expected = editArchiveBytes(source, { spec, target: { format: "v2", config, created: "" } });
      assert.ok(expected.head);
      assert.ok(made(directory, result, "v2").equals(expected.archive));
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
