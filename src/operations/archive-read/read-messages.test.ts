import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join as joinPath } from "node:path";
import { describe, it } from "node:test";
import { isRelightError } from "../../errors.ts";
import { archiveName } from "../../formats/directory/backup-json.ts";
import { archiveFixture } from "../../testing/fixtures.ts";
import { entryScanLayout } from "../../testing/natsarc-layout.ts";
import { archiveV2 } from "../../testing/natsarc-writer.ts";
import { inTemporaryDirectory } from "../../testing/temporary-directory.ts";
import { join, packS2, unpackS2 } from "../../testing/test-archive.ts";
import { writeBackup } from "../../testing/write-backup.ts";
import { editArchive } from "../archive-edit/edit-archive.ts";
import { openSalvaged } from "../archive-salvage/salvage-stored.ts";
import { readBackup } from "../stream-restore/read-backup.ts";
import { type ReadOptions, readMessages } from "./read-messages.ts";

const { archive, facts } = archiveFixture("2.15.1", "FIRST");
/** Behind the stream identifier of ten bytes stands the type of the chunk. */
const typeAt = 10;

/** Every message in a chunk of its own; that of the fourth has a type that readers skip. */
function withHiddenMessage(): { readonly bytes: Uint8Array; readonly sequences: number[]; readonly hidden: number } {
  const decoded = unpackS2(archive);
  const entries = entryScanLayout(decoded);
  const messages = entries.filter(({ sequence }) => sequence > 0);
  const hidden = messages[3] as (typeof messages)[number];
  const end = (entries[entries.indexOf(hidden) + 1] as (typeof messages)[number]).offset;
  const parts = [decoded.subarray(0, hidden.offset), decoded.subarray(hidden.offset, end), decoded.subarray(end)];
  const packed = parts.map((part) => packS2(part, { compress: false }));
  (packed[1] as Uint8Array)[typeAt] = 0x81;
  return { bytes: join(packed), sequences: messages.map(({ sequence }) => sequence), hidden: hidden.sequence };
}

async function open(path: string) {
  const [stored] = await readBackup(path);
  assert.ok(stored);
  return stored;
}

/** The sequences that are read, and the code of the error that ends them. */
async function read(stored: Awaited<ReturnType<typeof open>>, options: ReadOptions = {}) {
  const sequences: number[] = [];
  try {
    for await (const messages of readMessages(stored, options)) sequences.push(...messages.map((one) => one.sequence));
  } catch (error) {
    assert.ok(isRelightError(error));
    return { sequences, error };
  }
  return { sequences, error: undefined };
}

describe("messages read from an archive", () => {
  it("end with an error where damage hides one of them, and are all there with a salvage", () =>
    inTemporaryDirectory(async (directory) => {
      const { bytes, sequences, hidden } = withHiddenMessage();
      const path = writeBackup(joinPath(directory, "b"), bytes, { format: "v2", config: facts.config });
      const stored = await open(path);
      const all = await read(stored);
      assert.deepEqual(
        all.sequences,
        sequences.filter((sequence) => sequence !== hidden),
      );
      assert.equal(all.error?.code, "ARCHIVE_DAMAGED");
      assert.match(all.error?.message ?? "", /stream\.arc\.s2: 1 messages are missing/);
      const one = await read(stored, { select: { firstSequence: hidden, lastSequence: hidden } });
      assert.deepEqual([one.sequences, one.error?.code], [[], "ARCHIVE_DAMAGED"]);
      await using salvaged = await openSalvaged(stored);
      assert.deepEqual(await read(salvaged.stored), { sequences, error: undefined });
    }));

  it("end with an error where another archive took the place of the one that was proven", () =>
    inTemporaryDirectory(async (directory) => {
      const from = writeBackup(joinPath(directory, "from"), archive, { format: "v2", config: facts.config });
      const target = joinPath(directory, "b");
      await editArchive(await open(from), { spec: {}, tool: "test", target });
      const stored = await open(target);
      writeFileSync(joinPath(target, archiveName("v2")), packS2(archiveV2({ messages: [{ sequence: 7, name: "a" }] })));
      const { sequences, error } = await read(stored);
      assert.deepEqual([sequences, error?.code], [[7], "ARCHIVE_DAMAGED"]);
    }));
});
