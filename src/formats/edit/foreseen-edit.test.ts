import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRelightError } from "../../errors.ts";
import { type EditBytes, editArchiveBytes } from "../../testing/edit-archive-bytes.ts";
import { archiveFixtures } from "../../testing/fixtures.ts";
import { inspectArchive } from "../../testing/read-messages.ts";
import { metaEntries, packS2, type TestEntry, tarOf } from "../../testing/test-archive.ts";
import { blk, codes, index, inspect, lastChecksum, range, tomb } from "../../testing/v1-entries.ts";
import { Misforeseen } from "./run-edit.ts";

const created = "2026-01-02T03:04:05Z";
const to = (format: "v1" | "v2", name = "S"): EditBytes["target"] => ({ format, config: { name }, created });

/** The result with the index taken at its word; undefined where that was found to be wrong. */
function foreseen(bytes: Uint8Array, edit: EditBytes): ReturnType<typeof editArchiveBytes> | undefined {
  try {
    return editArchiveBytes(bytes, { ...edit, foresee: true });
  } catch (error) {
    if (error instanceof Misforeseen) return undefined;
    throw error;
  }
}

describe("an edit that takes the index of a v1 archive at its word", () => {
  it("makes of every server's archives what it makes without, in one pass less, or says that the index was wrong", () => {
    let believed = 0;
    for (const { version, stream, archive } of archiveFixtures()) {
      const report = inspectArchive(archive);
      if (report.format !== "v1") continue;
      for (const spec of [{}, { newest: { count: 1 } }, { renumber: true }, { select: { subjects: [">"] } }]) {
        const edit = { spec, target: to("v2", stream) };
        const result = foreseen(archive, edit);
        const label = `${version} ${stream} ${JSON.stringify(spec)}`;
        if (report.index === "index.db" && report.indexMatches) assert.ok(result, label);
        if (!result) continue;
        const { archive: made, report: edited, inspected } = editArchiveBytes(archive, edit);
        assert.ok(Buffer.from(result.archive).equals(made), label);
        assert.deepEqual(result.report, edited, label);
        if (result.inspected === undefined) believed++;
        assert.ok(inspected, label);
      }
    }
    assert.ok(believed >= 40, `${believed} indexes were believed`);
  });

  const blocks = [blk(1, range(1, 50)), blk(2, [...range(51, 90), tomb(7), tomb(90)])];
  const end = lastChecksum(blocks[1] as TestEntry);
  const archive = (...[first, second]: readonly Parameters<typeof index>[0]["blocks"][number][]): Uint8Array =>
    packS2(
      tarOf([
        ...metaEntries("S"),
        ...blocks,
        index({
          blocks: [...(first ? [first] : []), ...(second ? [second] : [])],
          lastSequence: 90,
          lastChecksum: end,
        }),
      ]),
    );

  it("believes one that is right, deletes and all", () => {
    const right = archive({ number: 1, first: 1, last: 50, deleted: [7] }, { number: 2, first: 51, last: 89 });
    const result = foreseen(right, { target: to("v1") });
    assert.equal(result?.report.messages, 88);
    assert.equal(result.inspected, undefined);
  });

  it("finds out one that brings a deleted message back, or leaves out what came later", () => {
    const meta = metaEntries("S");
    // It was written before the last messages of the block came.
    const early = [blk(1, range(1, 10)), index({ blocks: [{ number: 1, first: 1, last: 6 }], lastChecksum: 1n })];
    const late = packS2(tarOf([...meta, ...early]));
    assert.equal(foreseen(late, { target: to("v2") }), undefined);
    assert.equal(editArchiveBytes(late, { target: to("v2") }).report.messages, 10);

    const deleted = archive({ number: 1, first: 1, last: 50 }, { number: 2, first: 51, last: 89 });
    const without = editArchiveBytes(deleted, { target: to("v2") }).report.messages;
    const result = foreseen(deleted, { target: to("v2") });
    assert.ok(result === undefined || result.report.messages === without);
  });

  it("makes nothing of an archive that lacks a block which its index lists, nor of a damaged one", () => {
    const meta = metaEntries("S");
    const [first, second] = blocks as [TestEntry, TestEntry];
    const both = [
      { number: 1, first: 1, last: 50 },
      { number: 2, first: 51, last: 89 },
    ];
    const entries = [...meta, second, index({ blocks: both, lastSequence: 90, lastChecksum: end })];
    assert.ok(codes(inspect(entries)).some((code) => code.endsWith("fatal")));
    assert.throws(
      () => foreseen(packS2(tarOf(entries)), { target: to("v2") }),
      (error) => isRelightError(error, "ARCHIVE_DAMAGED"),
    );
    const content = Uint8Array.from(first.content);
    content[200] = (content[200] as number) ^ 1;
    const rotten = [
      ...meta,
      { ...first, content },
      second,
      index({ blocks: both, lastSequence: 90, lastChecksum: end }),
    ];
    assert.throws(
      () => foreseen(packS2(tarOf(rotten)), { target: to("v2") }),
      (error) => isRelightError(error, "ARCHIVE_DAMAGED"),
    );
  });
});
