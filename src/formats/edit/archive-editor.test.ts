import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRelightError } from "../../errors.ts";
import { editArchiveBytes } from "../../testing/edit-archive-bytes.ts";
import { archiveFixture, archiveFixtures } from "../../testing/fixtures.ts";
import { inspectArchive, readMessages } from "../../testing/read-messages.ts";
import type { ArchiveReport } from "../archive/archive-inspector.ts";

const created = "2026-01-02T03:04:05.000000006Z";
const formats = ["v1", "v2"] as const;

function targetOf(report: ArchiveReport, format: "v1" | "v2", stream: string) {
  return { format, config: report.stream?.config ?? { name: stream }, created: report.stream?.created ?? created };
}

/** Consumers as v1 can hold them: times in whole seconds. */
const consumersOf = (report: ArchiveReport): unknown[] =>
  [...report.consumers]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, config, state }) => ({
      name,
      config,
      ackFloor: state?.ackFloor,
      delivered: state?.delivered,
      pending: state && [...state.pending.stream],
      deliveries: state && [...state.pending.consumer].map((number) => number || state.ackFloor.consumer + 1),
      times: state && [...state.pending.time].map((time) => time / 1_000_000_000n),
      redelivered: state && [...state.redelivered.stream, ...state.redelivered.count],
    }));

describe("an archive that is written in another format", () => {
  for (const { version, stream, archive: bytes } of archiveFixtures()) {
    for (const format of formats) {
      it(`${format === "v1" ? "V1-70, V1-72, V1-75" : "V2-74"}: ${version} ${stream} as ${format}: the same messages, consumers and last sequence, and back again`, () => {
        const before = inspectArchive(bytes);
        const { archive, report, from } = editArchiveBytes(bytes, { target: targetOf(before, format, stream) });
        const after = inspectArchive(archive);
        assert.deepEqual([from, after.format], [before.format, format]);
        assert.deepEqual(after.problems, []);
        assert.deepEqual(readMessages(archive), readMessages(bytes));
        assert.equal(after.lastSequence, before.lastSequence);
        assert.deepEqual(consumersOf(after), consumersOf(before));
        assert.deepEqual([report.messages, report.lastSequence], [before.live.messages, before.lastSequence]);
        assert.equal(report.bytes, before.live.bytes ?? report.bytes);
        assert.deepEqual([report.dropped, report.droppedConsumers], [{}, []]);
        if (format === "v1") {
          // No server needs an index to know what is alive, not even 2.9.
          assert.deepEqual([after.index, after.liveWithoutIndexDiffers, after.resurrects], ["none", false, 0]);
          assert.deepEqual([after.stream?.name, after.records.tombstones], [stream, 0]);
        }
        const other = formats.find((candidate) => candidate !== format) ?? "v1";
        const back = editArchiveBytes(archive, { target: targetOf(before, other, stream) }).archive;
        assert.deepEqual(readMessages(back), readMessages(bytes));
        assert.equal(inspectArchive(back).lastSequence, before.lastSequence);
        const again = editArchiveBytes(archive, { target: targetOf(before, format, stream) }).archive;
        assert.ok(Buffer.from(archive).equals(again), "once more changes nothing");
      });
    }
  }

  it("comes out the same however the source is cut", () => {
    for (const version of ["2.15.1", "2.14.6"]) {
      const { archive: bytes } = archiveFixture(version, "MIXED");
      const target = targetOf(inspectArchive(bytes), "v2", "MIXED");
      const whole = editArchiveBytes(bytes, { target, pieceBytes: bytes.length }).archive;
      for (const pieceBytes of [1, 7, 100]) {
        assert.ok(Buffer.from(whole).equals(editArchiveBytes(bytes, { target, pieceBytes }).archive));
      }
    }
  });

  it("is refused when the source is cut off", () => {
    for (const version of ["2.15.1", "2.14.6"]) {
      const { archive: bytes } = archiveFixture(version, "MIXED");
      const target = targetOf(inspectArchive(bytes), "v1", "MIXED");
      for (const cut of [0, 5, 100, bytes.length - 3]) {
        assert.throws(
          () => editArchiveBytes(bytes.subarray(0, cut), { target }),
          (error) => isRelightError(error, "ARCHIVE_DAMAGED"),
        );
      }
    }
  });
});
