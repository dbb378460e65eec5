import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isRelightError } from "../../errors.ts";
import { type OracleConsumer, oracleEdit } from "../../testing/edit-oracle.ts";
import { consumerConfig, type Sample, samples, specs, writeV1, writeV2 } from "../../testing/edit-samples.ts";
import { readBatch } from "../../testing/entry-batch.ts";
import { archiveV2 } from "../../testing/natsarc-writer.ts";
import type { ReadMessage } from "../../testing/read-messages.ts";
import { packS2 } from "../../testing/test-archive.ts";
import { ArchiveInspector, type ArchiveReport } from "../archive/archive-inspector.ts";
import type { ArchivedConsumer } from "../archive/archive-report.ts";
import type { EntryBatch } from "../archive/archive-sink.ts";
import { LiveReader } from "../archive/live-reader.ts";
import { Kernels } from "../kernels/kernels.ts";
import type { EditReport } from "./archive-edit.ts";
import { type EditRan, type EditSpec, runEdit } from "./run-edit.ts";

const config = { name: "S", subjects: [">"] };
const created = "2026-01-02T03:04:05.000000006Z";
const limits = { numRuns: 2_000, interruptAfterTimeLimit: 1_500 };

/** A consumer as the archive holds it, in the words of the model. */
function consumerOf({ name, config: its, state }: ArchivedConsumer): unknown {
  assert.ok(state);
  const filter = its.filter_subject === undefined ? {} : { filter: String(its.filter_subject) };
  const consumer: OracleConsumer = {
    ...{ name, floor: state.ackFloor.stream, delivered: state.delivered.stream, ...filter },
    pending: [...state.pending.stream],
  };
  assert.deepEqual(its, consumerConfig(consumer));
  assert.ok([...state.redelivered.stream].every((sequence) => consumer.pending.includes(sequence)));
  return consumer;
}

/** What a report has to say of messages, given as a file store counts them. */
function reportOf(source: Sample, spec: EditSpec): Omit<EditReport, "droppedConsumers"> {
  const { stream, ...said } = oracleEdit(source, spec);
  const { messages, lastSequence, consumers } = stream;
  const size = (headers: string): number => (headers.length > 0 ? headers.length + 4 : 0);
  return {
    sourceMessages: source.messages.length,
    messages: messages.length,
    bytes: messages.reduce((sum, one) => sum + 30 + one.subject.length + size(one.headers) + one.payload.length, 0),
    firstSequence: messages[0]?.sequence ?? lastSequence + 1,
    lastMessage: messages.at(-1)?.sequence ?? 0,
    lastSequence,
    firstTime: messages[0]?.time,
    lastTime: messages.at(-1)?.time,
    dropped: said.dropped,
    markersDropped: said.markersDropped,
    consumers: consumers.map(({ name }) => name),
    droppedPending: said.droppedPending,
  };
}

/** One memory for everything, begun anew each time, as a worker keeps it. */
const kernels = Kernels.create();
const begunAnew = (): Kernels => {
  kernels.reset();
  return kernels;
};

type Run = EditRan & { readonly archive: Uint8Array };

function edit(archive: Uint8Array, spec: EditSpec, format: "v1" | "v2", pieceBytes = 4000): Run {
  const pieces: Uint8Array[] = [];
  const ran = runEdit({
    read: (take) => {
      for (let at = 0; at < archive.length; at += pieceBytes) {
        if (take(archive.subarray(at, at + pieceBytes)) === false) return;
      }
    },
    target: { format, config, created },
    output: { write: (piece) => pieces.push(piece.slice()) },
    kernels: begunAnew,
    spec,
  });
  const result = Buffer.concat(pieces);
  if (ran.head) result.set(ran.head, 0);
  return { ...ran, archive: result };
}

function read(archive: Uint8Array): { readonly report: ArchiveReport; readonly messages: readonly ReadMessage[] } {
  const inspector = new ArchiveInspector({}, begunAnew());
  inspector.push(archive);
  const report = inspector.end();
  const messages: ReadMessage[] = [];
  const sink = { consumer: () => {}, messages: (batch: EntryBatch) => void messages.push(...readBatch(batch)) };
  const reader = new LiveReader({ live: report.live.ranges }, sink, begunAnew());
  reader.push(archive);
  reader.end();
  return { report, messages };
}

function check(source: Sample, archive: Uint8Array, spec: EditSpec, format: "v1" | "v2", pieceBytes: number): void {
  const result = edit(archive, spec, format, pieceBytes);
  const expected = oracleEdit(source, spec);
  const { report: after, messages } = read(result.archive);
  assert.deepEqual(messages, expected.stream.messages);
  assert.deepEqual([after.format, after.problems], [format, []]);
  assert.equal(after.lastSequence, expected.stream.lastSequence);
  assert.deepEqual(after.consumers.map(consumerOf), expected.stream.consumers);
  const { droppedConsumers, ...report } = result.report;
  assert.deepEqual(report, reportOf(source, spec));
  assert.deepEqual(
    droppedConsumers.map(({ name }) => name),
    expected.droppedConsumers,
  );
  if (format === "v1") assert.deepEqual([after.index, after.resurrects, after.records.tombstones], ["none", 0, 0]);
  else {
    const empty = report.lastSequence === 0;
    const { messages: counted, first_seq, last_seq } = after.state ?? {};
    assert.deepEqual(
      [counted, first_seq, last_seq],
      [report.messages, empty ? 0 : report.firstSequence, report.lastSequence],
    );
  }
}

describe("an edit of any stream does what lists would", () => {
  for (const format of ["v1", "v2"] as const) {
    it(`${format === "v2" ? "V2-70: " : ""}from a v2 archive to a ${format} archive`, () => {
      fc.assert(
        fc.property(samples, specs, fc.integer({ min: 1, max: 5000 }), (source, spec, piece) => {
          check(source, writeV2(source), spec, format, piece);
        }),
        limits,
      );
    });

    it(`from a v1 archive with dead messages to a ${format} archive`, () => {
      fc.assert(
        fc.property(samples, specs, fc.integer({ min: 1, max: 12 }), (source, spec, perBlock) => {
          check(source, writeV1(source, perBlock), spec, format, 2000);
        }),
        limits,
      );
    });
  }

  it("and a dry run says the same, without writing", () => {
    fc.assert(
      fc.property(samples, specs, (source, spec) => {
        const archive = writeV2(source);
        const { report, head } = runEdit({
          read: (take) => void take(archive),
          target: { format: "v2", config, created },
          output: {},
          kernels: begunAnew,
          spec,
        });
        assert.equal(head, undefined);
        assert.deepEqual(report, edit(archive, spec, "v1").report);
      }),
      { ...limits, interruptAfterTimeLimit: 500 },
    );
  });

  it("and once more the same edit changes nothing more", () => {
    fc.assert(
      fc.property(samples, specs, fc.constantFrom("v1", "v2"), (source, { subjectRules: _, ...spec }, format) => {
        const { renumber: __, ...again } = spec;
        const selectAgain = spec.renumber ? {} : again;
        const once = edit(writeV2(source), spec, format).archive;
        const twice = edit(once, selectAgain, format).archive;
        const [before, after] = [read(once), read(twice)];
        assert.deepEqual(after.messages, before.messages);
        assert.deepEqual(
          [after.report.lastSequence, after.report.consumers],
          [before.report.lastSequence, before.report.consumers],
        );
        // The head of a v2 archive has room for what the source said; after that there is nothing more to leave out.
        if (format === "v1") assert.ok(Buffer.from(twice).equals(once));
        assert.ok(Buffer.from(twice).equals(edit(twice, {}, format).archive));
      }),
      { ...limits, interruptAfterTimeLimit: 1000 },
    );
  });
});

describe("a message that no v1 archive can hold", () => {
  const mebibyte = 1024 * 1024;
  const of = (name: string, bytes: number): Uint8Array =>
    packS2(archiveV2({ messages: [{ sequence: 7, name, payload: new Uint8Array(bytes) }] }));

  for (const [what, archive] of [
    ["a subject of 64 KiB", of("s".repeat(65_536), 0)],
    ["more than 32 MiB with its subject", of("s", 32 * mebibyte - 30)],
  ] as const) {
    it(`has ${what}; it is refused for v1, and goes into a v2 archive`, () => {
      assert.throws(
        () => edit(archive, {}, "v1"),
        (error) => isRelightError(error, "USAGE") && error.context.sequence === 7,
      );
      assert.equal(read(edit(archive, {}, "v2").archive).report.live.messages, 1);
    });
  }

  it("is larger than the largest that it can", () => {
    for (const archive of [of("s".repeat(65_535), 0), of("s", 32 * mebibyte - 31)]) {
      const { report } = read(edit(archive, {}, "v1").archive);
      assert.deepEqual([report.live.messages, report.problems], [1, []]);
    }
  });
});
