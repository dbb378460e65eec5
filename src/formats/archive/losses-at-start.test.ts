import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRelightError } from "../../errors.ts";
import { editArchiveBytes } from "../../testing/edit-archive-bytes.ts";
import type { TestRecord } from "../../testing/filestore-records.ts";
import { archiveV2 } from "../../testing/natsarc-writer.ts";
import { inspectArchive } from "../../testing/read-messages.ts";
import { metaEntries, packS2, type TestEntry, tarOf } from "../../testing/test-archive.ts";
import { blk, erased, idx, index, inspect, lastChecksum, range, tomb } from "../../testing/v1-entries.ts";
import type { ArchiveReport } from "./archive-report.ts";
import { problemsSinceStart } from "./losses-at-start.ts";

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
  const report = inspect(entries);
  const late = (lastSequence: number | undefined): string[] =>
    problemsSinceStart(report, { lastSequence, messages: undefined })
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

describe("a v1 archive without index.db that ends before the stream did", () => {
  const block = blk(2, range(41, 50));
  const kinds: readonly (readonly [string, readonly TestEntry[]])[] = [
    [
      "as nats-server 2.9 makes it",
      [idx(2, { first: 41, last: 50, deleted: [], bytes: block.content.length, checksum: lastChecksum(block) }), block],
    ],
    ["as one does that could not write its index", [block]],
  ];
  for (const [kind, last] of kinds) {
    const whole = [...metaEntries("S"), blk(1, range(1, 40)), ...last];
    const codesAt = (lastAtStart: number | undefined): string[] =>
      problemsSinceStart(inspect(whole), { lastSequence: lastAtStart, messages: undefined }).map(
        ({ code, severity }) => `${code} ${severity}`,
      );

    it(`V1-37 is whole where nothing says that there was more: ${kind}`, () => {
      for (const lastAtStart of [undefined, 0, 49, 50]) assert.deepEqual(codesAt(lastAtStart), []);
    });

    it(`V1-37 is not whole where the stream was further on when the snapshot began: ${kind}`, () => {
      assert.deepEqual(codesAt(51), ["ends-early fatal"]);
    });
  }

  it("V1-37 is whole where a tombstone or a skipped sequence shows how far the stream had come", () => {
    const lastOf = (record: TestRecord): ArchiveReport =>
      inspect([...metaEntries("S"), blk(1, [...range(1, 9), record])]);
    for (const record of [tomb(60), erased(60)])
      assert.deepEqual(problemsSinceStart(lastOf(record), { lastSequence: 60, messages: undefined }), []);
  });
});

describe("a v1 archive without an index", () => {
  const codesOf = (report: ReturnType<typeof inspect>, lastSequence?: number, messages?: number): string[] =>
    problemsSinceStart(report, { lastSequence, messages }).map(({ code, severity }) => `${code} ${severity}`);
  const whole = inspect([...metaEntries("S"), blk(1, range(1, 50)), blk(2, range(51, 90))]);

  it("V1-37 that ends before the sequence that the stream had reached is a loss, and nothing is made of it", () => {
    const cut = [...metaEntries("S"), blk(1, range(1, 50))];
    assert.deepEqual(codesOf(inspect(cut), 90, 50), ["ends-early fatal"]);
    assert.deepEqual(codesOf(inspect(cut), 51, 50), ["ends-early fatal"]);
    assert.deepEqual(codesOf(inspect(cut), 50, 50), []);
    assert.deepEqual(codesOf(inspect(cut)), []);
    const target = { format: "v1", config: { name: "S" }, created: "2026-01-02T03:04:05Z" } as const;
    assert.throws(
      () => editArchiveBytes(packS2(tarOf(cut)), { target, lastAtStart: 90 }),
      (error) =>
        isRelightError(error, "ARCHIVE_DAMAGED") && /ends at sequence 50, and the stream was at 90/.test(error.message),
    );
  });

  it("V1-38 whose messages are not as many as the stream held has a note, and those that came later do not count", () => {
    assert.deepEqual(codesOf(whole, 90, 90), []);
    assert.deepEqual(codesOf(whole, 80, 80), []);
    assert.deepEqual(codesOf(whole, 90, 91), ["counts-differ note"]);
    assert.deepEqual(codesOf(whole, 90, 60), ["counts-differ note"]);
    const missing = inspect([...metaEntries("S"), blk(2, range(51, 90))]);
    const consumers = problemsSinceStart(whole, { lastSequence: 90, messages: 90, consumers: 1 });
    assert.match(consumers[0]?.message ?? "", /had 1 consumers .* holds 0/);
    assert.deepEqual(codesOf(missing, 90, 90), ["counts-differ note"]);
  });
});

describe("a v2 archive beside the backup.json of another one", () => {
  it("V2-24 is told by its state, and is fatal: nothing in it says whose it is", () => {
    const report = inspectArchive(packS2(archiveV2({ messages: [1, 2, 3].map((sequence) => ({ sequence })) })));
    const codesOf = (messages: number, lastSequence: number): string[] =>
      problemsSinceStart(report, { messages, lastSequence }).map(({ code, severity }) => `${code} ${severity}`);
    assert.deepEqual(codesOf(3, 3), []);
    assert.deepEqual(codesOf(2, 2), ["other-snapshot fatal"]);
    assert.deepEqual(codesOf(2, 3), [], "read one by one, while messages went");
    assert.deepEqual(codesOf(3, 2), [], "edited by the nats CLI");
  });
});
