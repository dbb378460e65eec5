import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { isRelightError } from "../../errors.ts";
import { ArchiveInspector, type ArchiveReport } from "../../formats/archive/archive-inspector.ts";
import { inTemporaryDirectory } from "../../testing/temporary-directory.ts";
import { ArchiveCheck } from "./archive-check.ts";

const folder = fileURLToPath(new URL("../../formats/testdata/", import.meta.url));
const archives = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".s2"))
  .map((name) => join(folder, name));

function inspect(path: string): ArchiveReport {
  const inspector = new ArchiveInspector();
  inspector.push(readFileSync(path));
  return inspector.end();
}

async function check(path: string): Promise<ArchiveReport> {
  const running = ArchiveCheck.start(path);
  running.available(readFileSync(path).length);
  return (await running.finish()).report;
}

/** All that a report says, with its set of sequences as text. */
const comparable = (report: ArchiveReport): unknown => ({
  ...report,
  live: { ...report.live, ranges: Buffer.from(report.live.ranges.toBytes()).toString("hex") },
});

describe("checks by workers that are used again", () => {
  it("say of every archive what a new inspector says, whatever was checked before", async () => {
    assert.ok(archives.length > 50, `${archives.length} archives`);
    // Three at a time, so that each worker gets archives of all formats and sizes in turn.
    const queue = [...archives, ...[...archives].reverse()];
    const lane = async (): Promise<void> => {
      for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
        assert.deepEqual(comparable(await check(path)), comparable(inspect(path)), path);
      }
    };
    await Promise.all([lane(), lane(), lane()]);
  });

  it("go on after damage and after a cancellation", () =>
    inTemporaryDirectory(async (directory) => {
      const [sound] = archives as [string];
      const cut = join(directory, "cut.s2");
      await writeFile(cut, readFileSync(sound).subarray(0, -20));
      for (let round = 0; round < 3; round++) {
        await assert.rejects(
          check(cut),
          (error) => isRelightError(error, "ARCHIVE_DAMAGED") || isRelightError(error, "SNAPSHOT_INCOMPLETE"),
        );
        const cancelled = ArchiveCheck.start(sound);
        await cancelled.cancel();
        await assert.rejects(cancelled.finish(), (error) => isRelightError(error, "CANCELLED"));
        assert.deepEqual(comparable(await check(sound)), comparable(inspect(sound)));
      }
    }));

  it("end with an error where the file is gone", async () => {
    await assert.rejects(ArchiveCheck.start("/nowhere/archive.s2").finish(), (error) =>
      isRelightError(error, "INTERNAL"),
    );
  });
});
