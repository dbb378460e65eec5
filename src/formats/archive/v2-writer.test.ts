import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { entryBatch } from "../../testing/entry-batch.ts";
import type { TestEntryV2 } from "../../testing/natsarc-writer.ts";
import { inspectArchive, readMessages } from "../../testing/read-messages.ts";
import { unpackS2 } from "../../testing/test-archive.ts";
import { Kernels } from "../kernels/kernels.ts";
import { type Description, describeConsumer, describeState } from "../natsarc/encode-natsarc.ts";
import type { StreamStateJson } from "../natsarc/natsarc-json.ts";
import { V2Writer } from "./v2-writer.ts";

const mebibyte = 1024 * 1024;

const state = (messages: number, last = messages, consumers = 0): Description => {
  const times = { first_ts: "2026-01-02T03:04:05.000000006Z", last_ts: "2026-01-02T03:04:05.000000006Z" };
  const counts = { messages, bytes: 1, first_seq: messages === 0 && last > 0 ? last + 1 : 1, last_seq: last };
  return describeState({ ...counts, ...times, consumer_count: consumers } as StreamStateJson);
};

interface Written {
  readonly archive: Uint8Array;
  /** What `begin` wrote, and what `end` wants in its place. */
  readonly placeholder: Uint8Array;
  readonly head: Uint8Array;
}

function write(
  descriptions: readonly Description[],
  messages: readonly TestEntryV2[],
  { before = descriptions, compress = true, batchSize = 500, kernels = Kernels.create() } = {},
): Written {
  const pieces: Uint8Array[] = [];
  const writer = new V2Writer(kernels, { compress, write: (piece) => pieces.push(piece.slice()) });
  writer.begin(before);
  const [placeholder] = pieces as [Uint8Array];
  const numbered = messages.map((message, index) => ({ sequence: index + 1, name: "s", ...message }));
  for (let at = 0; at < numbered.length; at += batchSize) {
    writer.messages(entryBatch(numbered.slice(at, at + batchSize), kernels));
  }
  const head = writer.end(descriptions);
  const archive = Buffer.concat(pieces);
  archive.set(head, 0);
  return { archive, placeholder, head };
}

/** The decoded sizes of the blocks of an S2 stream. */
function blockSizes(archive: Uint8Array): number[] {
  const sizes: number[] = [];
  for (let at = 0; at < archive.length; ) {
    const length = (archive[at + 1] ?? 0) | ((archive[at + 2] ?? 0) << 8) | ((archive[at + 3] ?? 0) << 16);
    if (archive[at] === 1) sizes.push(length - 4);
    if (archive[at] === 0) {
      let [size, shift, from] = [0, 0, at + 8];
      for (let byte = 128; byte >= 128; shift += 7) {
        byte = archive[from++] ?? 0;
        size |= (byte & 127) << shift;
      }
      sizes.push(size);
    }
    at += 4 + length;
  }
  return sizes;
}

describe("a v2 archive", () => {
  it("of no messages holds the last sequence", () => {
    for (const last of [0, 777]) {
      const report = inspectArchive(write([state(0, last)], []).archive);
      assert.deepEqual([report.live.messages, report.lastSequence, report.problems], [0, last, []]);
    }
  });

  it("V2-71 has a head that can be replaced by one of the same length once it is known", () => {
    const consumer = (sequence: number): Description => {
      const at = { consumer: sequence, stream: sequence };
      const none = { length: 0, stream: new Float64Array(), count: new Float64Array() };
      const pending = { length: 0, stream: none.stream, consumer: none.count, time: new BigInt64Array() };
      return describeConsumer(
        "größe",
        { durable_name: "größe" },
        { delivered: at, ackFloor: at, pending, redelivered: none },
      );
    };
    const before = [state(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 1), consumer(123_456_789)];
    const { archive, placeholder, head } = write([state(1, 1, 1), consumer(1)], [{}], { before });
    assert.equal(head.length, placeholder.length);
    assert.notDeepEqual(head, placeholder);
    const { problems, consumers, state: read } = inspectArchive(archive);
    assert.deepEqual(problems, []);
    assert.deepEqual([read?.messages, consumers[0]?.name, consumers[0]?.state?.delivered.stream], [1, "größe", 1]);
  });

  it("V2-71 says whether the likely head that was written in the place of the longest is the true one", () => {
    const longest = [state(Number.MAX_SAFE_INTEGER)];
    for (const [likely, stands] of [
      [state(1, 1), true],
      [state(2, 2), false],
    ] as const) {
      const pieces: Uint8Array[] = [];
      const heads: Uint8Array[] = [];
      const writer = new V2Writer(Kernels.create(), {
        write: (piece) => pieces.push(piece.slice()),
        writeHead: (head) => heads.push(head),
      });
      writer.begin(longest, [likely]);
      assert.equal(pieces.length, 0, "the head goes where heads go");
      const head = writer.end([state(1, 1)]);
      assert.equal(writer.headStands, stands);
      assert.equal(head.length, heads[0]?.length);
      assert.equal(Buffer.from(head).equals(heads[0] as Uint8Array), stands);
    }
  });

  it("refuses a head that is longer than its place", () => {
    assert.throws(() => write([state(1000)], [], { before: [state(1)] }), RangeError);
  });

  for (const compress of [true, false]) {
    it(`V2-72 is made of small blocks, ${compress ? "compressed" : "stored"}, that decode to 64 KiB at most`, () => {
      const messages = Array.from({ length: 2000 }, (_, index) => ({ name: `s.${index}`, payload: "p".repeat(index) }));
      const { archive } = write([state(2000)], messages, { compress });
      const sizes = blockSizes(archive);
      assert.ok(sizes.length > 30 && sizes.every((size) => size <= 64 * 1024), `${Math.max(...sizes)}`);
      assert.equal(
        sizes.reduce((sum, size) => sum + size, 0),
        unpackS2(archive).length,
      );
      assert.equal(archive.length < 0.5 * unpackS2(archive).length, compress);
      const read = readMessages(archive);
      assert.deepEqual(inspectArchive(archive).problems, []);
      assert.deepEqual(
        read.map(({ subject, payload }) => [subject, payload.length]),
        messages.map(({ name, payload }) => [name, payload.length]),
      );
    });
  }

  it("holds a message of 10 MB between small ones", () => {
    const payload = new Uint8Array(10_000_000).map((_, index) => (index * 7919) >>> 5);
    const { archive } = write([state(3)], [{ payload: "a" }, { payload }, { payload: "b" }]);
    assert.ok(blockSizes(archive).every((size) => size <= 64 * 1024));
    assert.deepEqual(inspectArchive(archive).problems, []);
    const [first, large, last] = readMessages(archive);
    assert.deepEqual([first?.payload, last?.payload], ["a", "b"]);
    assert.ok(Buffer.from(payload).equals(Buffer.from(large?.payload ?? "", "latin1")));
  });

  it("takes a bounded memory, though each message is a little larger than the one before", () => {
    const kernels = Kernels.create();
    const writer = new V2Writer(kernels, { write: () => {} });
    writer.begin([state(1)]);
    const batch = entryBatch([{ payload: new Uint8Array(2 * mebibyte) }], kernels);
    for (let size = 1; size < 2 * mebibyte; size += 4096) {
      batch.rows.payloadLength[0] = size;
      writer.messages(batch);
    }
    assert.ok(kernels.memoryBytes < 12 * mebibyte, `${kernels.memoryBytes} bytes`);
  });

  it("holds as many consumers as there are", () => {
    const names = Array.from({ length: 3000 }, (_, index) => `consumer-${index}`);
    const consumers = names.map((name) =>
      describeConsumer(name, { durable_name: name, filter_subject: "größe.>" }, undefined),
    );
    const { archive } = write([state(1, 1, 3000), ...consumers], [{}]);
    const report = inspectArchive(archive);
    assert.deepEqual([report.problems, report.live.messages], [[], 1]);
    assert.deepEqual(
      report.consumers.map(({ name }) => name),
      names,
    );
    assert.ok(blockSizes(archive).every((size) => size <= 64 * 1024));
  });

  it("has every sequence, time, header and payload that can be", () => {
    const messages: readonly TestEntryV2[] = [
      { sequence: 1, time: -(2n ** 63n), payload: "" },
      { sequence: 5_000_000_000, time: 0n, headers: "NATS/1.0\r\nA: 1\r\n\r\n", payload: new Uint8Array([0, 255]) },
      { sequence: 2 ** 53 - 1, time: 2n ** 63n - 1n, name: "größe.語" },
    ];
    const { archive } = write([state(3, 2 ** 53 - 1)], messages);
    assert.deepEqual(inspectArchive(archive).problems, []);
    assert.deepEqual(
      readMessages(archive).map(({ sequence, time }) => [sequence, time]),
      messages.map(({ sequence, time }) => [sequence, time]),
    );
  });
});
