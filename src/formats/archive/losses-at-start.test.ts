import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRelightError } from "../../errors.ts";
import { editArchiveBytes } from "../../testing/edit-archive-bytes.ts";
import { metaEntries, packS2, tarOf } from "../../testing/test-archive.ts";
import { blk, index, inspect, range } from "../../testing/v1-entries.ts";
import { withLossesAtStart } from "./losses-at-start.ts";

/** The last block is listed, and not there. */
const entries = [
  ...metaEntries("S"),
  blk(1, range(1, 50)),
  index({
    blocks: [
      { number: 1, first: 1, last: 50 },
      { number: 2, first: 51, last: 90 },
    ],
    lastSequence: 90,
    lastChecksum: 1n,
  }),
];

describe("a block that is missing at the end of a v1 archive", () => {
  const { problems } = inspect(entries);
  const late = (lastAtStart: number | undefined): string[] =>
    withLossesAtStart(problems, lastAtStart)
      .filter(({ severity }) => severity === "fatal")
      .map(({ code }) => code);

  it("V1-33 came too late where the stream ended before it when the snapshot began, or nobody knows where it ended", () => {
    assert.deepEqual(late(undefined), []);
    assert.deepEqual(late(50), []);
  });

  it("V1-33 is a loss where the stream held a part of it", () => {
    assert.deepEqual(late(51), ["newer-than-copy"]);
    assert.deepEqual(late(90), ["newer-than-copy"]);
  });

  it("V1-79 makes nothing of the archive then, in one pass or in two", () => {
    const archive = packS2(tarOf(entries));
    const target = { format: "v2", config: { name: "S" }, created: "2026-01-02T03:04:05Z" } as const;
    for (const foresee of [true, false]) {
      assert.throws(
        () => editArchiveBytes(archive, { target, foresee, lastAtStart: 60 }),
        (error) => isRelightError(error, "ARCHIVE_DAMAGED"),
      );
    }
    assert.equal(editArchiveBytes(archive, { target, lastAtStart: 50 }).report.messages, 50);
  });
});
