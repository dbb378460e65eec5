import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { editArchiveBytes } from "../../testing/edit-archive-bytes.ts";
import { archiveFixtures } from "../../testing/fixtures.ts";
import { inspectArchive, readMessages } from "../../testing/read-messages.ts";
import { metaEntries, packS2, type TestEntry, tarOf, unpackS2, untar } from "../../testing/test-archive.ts";
import { blk, live, range } from "../../testing/v1-entries.ts";
import type { ArchiveReport } from "../archive/archive-report.ts";
import { Kernels } from "../kernels/kernels.ts";
import { readArchive } from "../read-archive.ts";
import { type KnownMessages, withLimits } from "./with-limits.ts";

const limited = (archive: Uint8Array, known?: KnownMessages): ArchiveReport =>
  withLimits(inspectArchive(archive), {
    read: (take) => void take(archive),
    kernels: () => Kernels.create(),
    known,
  });

const of = (config: Readonly<Record<string, unknown>>, entries: readonly TestEntry[]): Uint8Array =>
  packS2(tarOf([...metaEntries("S", config), ...entries]));

describe("an archive without its index, whose stream has limits", () => {
  for (const { version, stream, archive, facts } of archiveFixtures()) {
    // Up to 2.9 blocks have an index each, and v2 archives need none.
    if (version.startsWith("2.9") || version.startsWith("2.15")) continue;
    // 2.10.18 forgets which messages inside were deleted when it drops a block's beginning.
    if (version === "2.10.18" && stream === "COMPACTED") continue;
    it(`V1-25 ${version} ${stream}: holds what the server said, by tombstones and limits alone`, async () => {
      const entries = (await untar(unpackS2(archive))).filter(({ name }) => name !== "msgs/index.db");
      const report = limited(packS2(tarOf(entries)), { first: facts.state.first_seq });
      assert.deepEqual(live(report), facts.live);
      if (report.live.bytes !== undefined) assert.equal(report.live.bytes, facts.state.bytes);
    });
  }

  const ten = [
    blk(
      1,
      range(1, 10).map((sequence) => ({ sequence, subject: sequence % 3 ? "a" : "b", payload: "x" })),
    ),
  ];
  const bytes = 10 * 32;

  it("V1-25 holds the newest of each subject, then the newest of all, then what the bytes have room for", () => {
    assert.deepEqual(live(limited(of({ max_msgs_per_subject: 2 }, ten))), [
      [6, 6],
      [8, 10],
    ]);
    assert.deepEqual(live(limited(of({ max_msgs: 4 }, ten))), [[7, 10]]);
    assert.deepEqual(live(limited(of({ max_msgs_per_subject: 1, max_msgs: 5 }, ten))), [[9, 10]]);
    assert.deepEqual(live(limited(of({ max_bytes: bytes - 1 }, ten))), [[2, 10]]);
    assert.deepEqual(live(limited(of({ max_bytes: bytes }, ten))), [[1, 10]]);
  });

  it("V1-25 is left as it is where it has no limits, refuses what is new, or holds as many as it has to", () => {
    for (const config of [{}, { max_msgs: -1, max_msgs_per_subject: 0 }, { max_msgs: 4, discard: "new" }]) {
      assert.deepEqual(live(limited(of(config, ten))), [[1, 10]]);
    }
    const archive = of({ max_msgs: 4 }, ten);
    assert.deepEqual(live(limited(archive, { messages: 10 })), [[1, 10]]);
    assert.deepEqual(
      limited(archive).problems.map(({ code, severity, count }) => [code, severity, count]),
      [["limits-applied", "note", 6]],
    );
  });

  it("V1-25 is read by the library without what the limits had removed", async () => {
    const archive = await readArchive(() => [of({ max_msgs_per_subject: 2 }, ten)]);
    const sequences: number[] = [];
    for await (const messages of archive.messages()) sequences.push(...messages.map(({ sequence }) => sequence));
    assert.deepEqual([archive.report.live.messages, sequences], [4, [6, 8, 9, 10]]);
  });

  it("V1-25 is written anew without what the limits had removed, in either format", () => {
    const archive = of({ max_msgs: 4 }, ten);
    for (const format of ["v1", "v2"] as const) {
      const config = { name: "S", subjects: [">"], max_msgs: 4 };
      const made = editArchiveBytes(archive, { target: { format, config, created: "2026-01-02T03:04:05Z" } });
      assert.deepEqual(
        readMessages(made.archive).map(({ sequence }) => sequence),
        [7, 8, 9, 10],
      );
      assert.equal(made.report.sourceMessages, 4);
    }
  });
});
