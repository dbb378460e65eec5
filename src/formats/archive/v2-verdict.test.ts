import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRelightError } from "../../errors.ts";
import { archiveFixture } from "../../testing/fixtures.ts";
import { archiveV2, entryV2, type TestArchiveV2, type TestEntryV2 } from "../../testing/natsarc-writer.ts";
import { join, packS2 } from "../../testing/test-archive.ts";
import { ArchiveInspector, type ArchiveReport } from "./archive-inspector.ts";

function inspectBytes(decoded: Uint8Array, piece = decoded.length): ArchiveReport {
  const inspector = new ArchiveInspector();
  const archive = packS2(decoded, { blockSize: Math.min(Math.max(1, piece), 2 ** 20) });
  inspector.push(archive);
  return inspector.end();
}

const inspect = (archive: TestArchiveV2): ArchiveReport => inspectBytes(archiveV2(archive));
const codes = (report: ArchiveReport): string[] => report.problems.map(({ code, severity }) => `${code} ${severity}`);
const messages = (...sequences: (number | bigint)[]): TestEntryV2[] =>
  sequences.map((sequence) => ({ sequence, payload: `message ${sequence}` }));

function refuses(archive: TestArchiveV2 | Uint8Array, message: RegExp): void {
  assert.throws(
    () => (archive instanceof Uint8Array ? inspectBytes(archive) : inspect(archive)),
    (error) => isRelightError(error, "ARCHIVE_DAMAGED") && message.test(error.message) && "offset" in error.context,
  );
}

const consumer = {
  config: { name: "c", durable_name: "c", ack_wait: 30_000_000_000 },
  state: {
    delivered: { consumer_seq: 9, stream_seq: 12 },
    ack_floor: { consumer_seq: 2, stream_seq: 3 },
    pending: { "7": { Sequence: 4, Timestamp: 0 }, "5": { Sequence: 3, Timestamp: 0 } },
    redelivered: { "5": 2 },
  },
};

describe("a v2 archive", () => {
  it("V2-10 holds its messages in ascending order, with gaps, in blocks of any size", () => {
    const sequences = [5, 6, 7, 100, 5_000_000_000, 5_000_000_001];
    const decoded = archiveV2({ messages: messages(...sequences), state: { first_seq: 2, last_seq: 5_000_000_009 } });
    for (const piece of [1, 7, 64, decoded.length]) {
      const report = inspectBytes(decoded, piece);
      assert.deepEqual(
        [...report.live.ranges],
        [
          [5, 7],
          [100, 100],
          [5_000_000_000, 5_000_000_001],
        ],
      );
      assert.deepEqual([report.live.messages, report.lastSequence], [6, 5_000_000_009]);
      assert.deepEqual(codes(report), []);
    }
  });

  it("V2-11 counts its bytes as a file store does, and knows the times of the first and last message", () => {
    const list: TestEntryV2[] = [
      { sequence: 1, time: -5n, name: "ab", payload: "xyz" },
      { sequence: 2, time: 7n, name: "ab", headers: "NATS/1.0\r\n\r\n", payload: "" },
    ];
    const { live } = inspect({ messages: list });
    assert.deepEqual([live.firstTime, live.lastTime, live.bytes], [-5n, 7n, 30 + 5 + 30 + 4 + 2 + 12]);
  });

  it("V2-03 may be of an empty stream, whose last sequence state.json tells", () => {
    const report = inspect({ state: { first_seq: 26, last_seq: 25 } });
    assert.deepEqual([report.live.messages, report.live.firstSequence, report.lastSequence], [0, 0, 25]);
    assert.deepEqual([report.live.firstTime, report.live.lastTime, codes(report)], [undefined, undefined, []]);
  });

  it("V2-04 holds as many consumers as state.json says, with times exact to the nanosecond", () => {
    const text = JSON.stringify(consumer).replace('"Timestamp":0', '"Timestamp":1764000000123456789');
    const report = inspect({ consumers: { c: text, "d-e": { config: { name: "d-e" } } }, messages: messages(20) });
    const [first, second] = report.consumers;
    assert.equal(first?.name, "c");
    assert.deepEqual(first?.config, consumer.config);
    assert.deepEqual(first?.state?.delivered, { consumer: 9, stream: 12 });
    assert.deepEqual(first?.state?.ackFloor, { consumer: 2, stream: 3 });
    assert.deepEqual([...(first?.state?.pending.stream ?? [])], [5, 7]);
    assert.deepEqual([...(first?.state?.pending.consumer ?? [])], [3, 4]);
    // Keys that are numbers come in ascending order, so the first time in the text is that of 5.
    assert.deepEqual([...(first?.state?.pending.time ?? [])], [1_764_000_000_123_456_789n, 0n]);
    assert.deepEqual([first?.state?.redelivered.length, first?.state?.redelivered.count[0]], [1, 2]);
    assert.deepEqual([second?.name, second?.state], ["d-e", undefined]);
  });

  it("V2-04 takes a consumer that waits for very many messages, whose position has far more than 16 MiB", () => {
    const text = JSON.stringify(consumer);
    const report = inspect({ consumers: { c: text + " ".repeat(60 * 1024 * 1024) }, messages: messages(20) });
    assert.equal(report.consumers[0]?.state?.pending.length, 2);
  });

  it("V2-12 takes a message of 10 MB, and a subject of 60 KB", () => {
    const big = { sequence: 2, payload: new Uint8Array(10_000_000), name: "s".repeat(60_000) };
    assert.equal(inspect({ messages: [...messages(1), big, ...messages(3)] }).live.messages, 3);
  });
});

describe("what moved while a v2 archive was made (F08)", () => {
  it("V2-20 is a note when counts differ from what state.json announced, never damage", () => {
    const fewer = inspect({ messages: messages(4, 5), state: { messages: 10, first_seq: 1, last_seq: 10 } });
    assert.deepEqual([codes(fewer), fewer.lastSequence], [["counts-differ note"], 10]);
    const none = inspect({ state: { messages: 10, first_seq: 1, last_seq: 10 } });
    assert.deepEqual(codes(none), ["counts-differ note"]);
  });

  it("V2-21 is a note when messages are behind the announced last one", () => {
    const report = inspect({ messages: messages(1, 2, 3), state: { messages: 2, last_seq: 2 } });
    assert.deepEqual(codes(report), ["outside-state note", "counts-differ note"]);
    assert.equal(report.lastSequence, 3);
  });

  it("V2-22 is fatal when a message is before the announced first one: no server takes that", () => {
    assert.deepEqual(codes(inspect({ messages: messages(1, 2), state: { first_seq: 2 } })), [
      "contradictory-state fatal",
      "outside-state fatal",
    ]);
  });

  it("V2-22 is fatal when state.json contradicts itself", () => {
    const of = (state: Record<string, number>): string[] => codes(inspect({ state: { messages: 0, ...state } }));
    assert.deepEqual(of({ first_seq: 0, last_seq: 5 }), ["contradictory-state fatal"]);
    assert.deepEqual(of({ first_seq: 9, last_seq: 5 }), ["contradictory-state fatal"]);
    assert.deepEqual(of({ first_seq: 6, last_seq: 5 }), []);
    assert.deepEqual(of({ first_seq: 1, last_seq: 5, messages: 6 }), [
      "contradictory-state fatal",
      "counts-differ note",
    ]);
  });

  it("V1-53 V2-23 shows consumers that are ahead of the stream, or whose state contradicts itself", () => {
    assert.deepEqual(codes(inspect({ consumers: { c: consumer }, messages: messages(5) })), ["consumer-ahead note"]);
    const state = { ...consumer.state, ack_floor: { consumer_seq: 2, stream_seq: 40 } };
    assert.deepEqual(codes(inspect({ consumers: { c: { ...consumer, state } }, messages: messages(50) })), [
      "consumer-state note",
    ]);
    const late = { ...consumer.state, pending: { "13": { Sequence: 9, Timestamp: 1 } } };
    assert.deepEqual(codes(inspect({ consumers: { c: { ...consumer, state: late } }, messages: messages(50) })), [
      "consumer-state note",
    ]);
    const early = { ...consumer.state, pending: { "3": { Sequence: 9, Timestamp: 1 } } };
    assert.deepEqual(codes(inspect({ consumers: { c: { ...consumer, state: early } }, messages: messages(50) })), [
      "consumer-state note",
    ]);
  });
});

describe("what a v2 archive must not be", () => {
  it("V2-02 one that does not begin with state.json, or not with one", () => {
    const magic = new TextEncoder().encode("NATSARC1");
    refuses(join([magic, entryV2({ name: "a", sequence: 1 }), new Uint8Array(5)]), /begins with a message/);
    refuses(join([magic, new Uint8Array(5)]), /does not begin with it/);
    refuses({ state: { messages: -1 } }, /state\.json: "messages" is missing or no number/);
    refuses({ state: { consumer_count: undefined } }, /"consumer_count" is missing/);
    refuses({ state: { first_ts: 5 } }, /"first_ts" is missing or no time/);
    refuses(join([magic, entryV2({ name: "state.json", payload: "{" }), new Uint8Array(5)]), /no JSON object/);
    refuses(
      join([magic, entryV2({ name: "state.json", payload: " ".repeat(2 ** 20 + 1) })]),
      /1048577 bytes are too many/,
    );
  });

  it("V2-04 one with fewer or more consumers than state.json says", () => {
    refuses({ consumers: { c: consumer }, state: { consumer_count: 2 } }, /consumer 2 of 2: it is missing/);
    refuses(
      { consumers: { c: consumer }, state: { consumer_count: 2 }, messages: messages(1) },
      /consumer 2 of 2: it is missing/,
    );
    refuses(
      { consumers: { c: consumer }, state: { consumer_count: 0 } },
      /the end marker: an entry without a sequence/,
    );
  });

  it("V2-04 one with a consumer that is no consumer", () => {
    for (const content of ["[]", "{}", '{"config":5}', '{"config":{},"state":5}', '{"config":{},"state":{}}']) {
      refuses({ consumers: { c: content } }, /consumers\/c: /);
    }
    const deep = `${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}`;
    refuses({ consumers: { c: `{"config":{},"x":${deep}}` } }, /consumers\/c: JSON that is nested too deeply/);
    refuses({ consumers: { c: " ".repeat(65 * 1024 * 1024) } }, /consumers\/c: 68157440 bytes are too many here/);
    const state = (changes: object): unknown => ({ ...consumer, state: { ...consumer.state, ...changes } });
    refuses({ consumers: { c: state({ pending: { x: { Sequence: 1, Timestamp: 1 } } }) } }, /malformed state/);
    refuses({ consumers: { c: state({ pending: { "1": 5 } }) } }, /malformed state/);
    refuses({ consumers: { c: state({ pending: [1] }) } }, /malformed state/);
    refuses({ consumers: { c: state({ redelivered: { "1": 1.5 } }) } }, /malformed state/);
  });

  it("V2-10 one whose sequences do not ascend", () => {
    refuses({ messages: messages(1, 2, 2) }, /the first message: sequence 2 comes after 2/);
    refuses({ messages: messages(9, 8) }, /sequence 8 comes after 9/);
  });

  it("V2-05 one without the closing entry, or with something in its place", () => {
    refuses(
      { messages: messages(1, 2), sentinel: new Uint8Array(4) },
      /the message after sequence 2: the archive is cut off here/,
    );
    refuses({ messages: messages(1), sentinel: entryV2({ name: "x" }) }, /the end marker: an entry without a sequence/);
    refuses({ messages: messages(1), sentinel: entryV2({ payload: "x" }) }, /the end marker/);
    refuses({ messages: messages(1), sentinel: entryV2({ time: 1n }) }, /the end marker/);
  });

  it("V2-12 one with sizes that cannot be: nothing is allocated for them", () => {
    const head = (name: number, headers: number, payload: number): Uint8Array => {
      const bytes = entryV2({ name: "a", sequence: 1 });
      const uv = (value: number): Uint8Array => entryV2({ sequence: value }).subarray(2, -2);
      return join([uv(name), Uint8Array.of(0, 1), uv(headers), uv(payload), bytes]);
    };
    for (const extra of [head(2 ** 21, 0, 0), head(1, 2 ** 40, 0), head(1, 0, 2 ** 40), head(1, 2 ** 26, 2 ** 26)]) {
      refuses({ extra: [extra] }, /the first message: it has an impossible size or sequence/);
    }
    const state = { first_seq: 1, last_seq: 1 };
    refuses({ state, messages: messages(2n ** 53n) }, /impossible size or sequence/);
    refuses({ state, messages: messages(2n ** 64n - 1n) }, /impossible size or sequence/);
  });
});

describe("the format of an archive", () => {
  it("V2-01 is told by its first decoded bytes, never by a name", () => {
    const formats = ["2.9.25", "2.14.6", "2.15.1"].map((version) => {
      const inspector = new ArchiveInspector();
      inspector.push(archiveFixture(version, "MIXED").archive);
      return inspector.end().format;
    });
    assert.deepEqual(formats, ["v1", "v1", "v2"]);
  });

  it("is neither where something else was compressed, or nothing", () => {
    refuses(new TextEncoder().encode("x".repeat(2000)), /this is no tar header/);
    refuses(new TextEncoder().encode("NATSARC2".repeat(100)), /this is no tar header/);
    refuses(new Uint8Array(0), /cut off here/);
    refuses(new TextEncoder().encode("short"), /cut off here/);
    const inspector = new ArchiveInspector();
    assert.throws(
      () => inspector.push(new TextEncoder().encode("PK\u0003\u0004 no S2 at all")),
      (error) => isRelightError(error, "ARCHIVE_DAMAGED"),
    );
    assert.throws(
      () => new ArchiveInspector().end(),
      (error) => isRelightError(error, "ARCHIVE_DAMAGED"),
    );
  });
});
