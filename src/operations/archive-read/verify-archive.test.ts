import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { inTemporaryDirectory } from "../../testing/temporary-directory.ts";
import { metaEntries, packS2, type TestEntry, tarOf } from "../../testing/test-archive.ts";
import { blk, range } from "../../testing/v1-entries.ts";
import { writeBackup } from "../../testing/write-backup.ts";
import { editArchive } from "../archive-edit/edit-archive.ts";
import { readBackup } from "../stream-restore/read-backup.ts";
import { type ArchiveVerdict, verifyArchive } from "./verify-archive.ts";

const [first, second, third] = [blk(1, range(1, 40)), blk(2, range(41, 50)), blk(3, range(51, 90))];

/** A backup of the stream as the `nats` CLI makes it: what the server answered when the snapshot began lies beside the archive. */
async function verdictOf(
  directory: string,
  blocks: readonly TestEntry[],
  state: { readonly messages: number; readonly last_seq: number },
): Promise<ArchiveVerdict> {
  const config = { name: "S", subjects: [">"] };
  const path = writeBackup(join(directory, "S"), packS2(tarOf([...metaEntries("S"), ...blocks])), {
    format: "v1",
    config,
  });
  await writeFile(join(path, "backup.json"), JSON.stringify({ config, state }));
  const [stored] = await readBackup(path);
  assert.ok(stored);
  return verifyArchive(stored);
}

describe("a v1 archive without an index, held against what the stream was when its snapshot began", () => {
  it("is sound where it holds that", () =>
    inTemporaryDirectory(async (directory) => {
      const { sound, findings } = await verdictOf(directory, [first, second, third], { messages: 90, last_seq: 90 });
      assert.deepEqual([sound, findings], [true, []]);
    }));

  it("V1-37 lacks its last blocks: it is damaged, what is left is readable, and nothing is made of it", () =>
    inTemporaryDirectory(async (directory) => {
      const { sound, findings, readable } = await verdictOf(directory, [first, second], { messages: 90, last_seq: 90 });
      assert.equal(sound, false);
      assert.deepEqual(
        findings.map(({ severity }) => severity),
        ["fatal"],
      );
      assert.match(findings[0]?.message ?? "", /ends at sequence 50, and the stream was at 90 when its snapshot began/);
      assert.equal(readable?.report.live.messages, 50);
      assert.deepEqual([...(readable?.salvage.lost ?? [])], [[51, 90]]);
      const [stored] = await readBackup(join(directory, "S"));
      assert.ok(stored);
      await assert.rejects(editArchive(stored, { spec: {}, tool: "test" }), { code: "ARCHIVE_DAMAGED" });
    }));

  it("V1-38 lacks a block in its middle: a note says what cannot be told", () =>
    inTemporaryDirectory(async (directory) => {
      const { sound, findings } = await verdictOf(directory, [first, third], { messages: 90, last_seq: 90 });
      assert.equal(sound, true);
      assert.deepEqual(
        findings.map(({ severity }) => severity),
        ["note"],
      );
      assert.match(
        findings[0]?.message ?? "",
        /held 90 messages up to sequence 90 when its snapshot began, the archive holds 80/,
      );
    }));

  it("V1-38 holds more than the stream did: a note says that nothing tells which", () =>
    inTemporaryDirectory(async (directory) => {
      const { sound, findings } = await verdictOf(directory, [first, second, third], { messages: 10, last_seq: 90 });
      assert.equal(sound, true);
      assert.match(findings[0]?.message ?? "", /held 10 messages .* holds 90: .* limits or a purge had removed/);
    }));
});
