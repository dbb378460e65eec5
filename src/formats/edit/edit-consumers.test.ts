import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type ConsumerState, pendingAcks, redelivered } from "../filestore/consumer-state.ts";
import { SequenceRanges } from "../sequence-ranges.ts";
import { ConsumerEditor } from "./consumer-editor.ts";
import { editConsumerState, renameConsumerFilters, startAmong } from "./edit-consumers.ts";

interface Position {
  readonly delivered: number;
  readonly floor: number;
  readonly pending?: readonly number[];
  readonly redelivered?: readonly number[];
}

function stateOf({ delivered, floor, pending = [], redelivered: again = [] }: Position): ConsumerState {
  return {
    delivered: { consumer: delivered * 2, stream: delivered },
    ackFloor: { consumer: floor * 2, stream: floor },
    pending: pendingAcks(pending.map((stream) => [stream, stream * 2, BigInt(stream) * 10n])),
    redelivered: redelivered(again.map((stream) => [stream, 3])),
  };
}

const positionOf = ({ delivered, ackFloor, pending, redelivered: again }: ConsumerState): Required<Position> => ({
  delivered: delivered.stream,
  floor: ackFloor.stream,
  pending: [...pending.stream],
  redelivered: [...again.stream],
});

function edited(
  position: Position,
  kept: readonly (readonly [number, number])[],
  lastSequence: number,
  renumbered = false,
): Required<Position> {
  return positionOf(
    editConsumerState(stateOf(position), { kept: SequenceRanges.from(kept), lastSequence, renumbered }),
  );
}

describe("where a consumer stands in an edited stream", () => {
  const position = { delivered: 20, floor: 10, pending: [12, 15, 20], redelivered: [11, 15] };

  it("is where it stood, while all messages are there", () => {
    assert.deepEqual(edited(position, [[1, 30]], 30), position);
  });

  it("is where it stood, without the pending messages that are gone", () => {
    const expected = { delivered: 20, floor: 10, pending: [15], redelivered: [15] };
    assert.deepEqual(edited(position, [[14, 18]], 30), expected);
  });

  it("is not behind the last sequence of a stream that was cut", () => {
    assert.deepEqual(edited(position, [[1, 15]], 15), { ...position, delivered: 15, pending: [12, 15] });
    const start = { delivered: 5, floor: 5, pending: [], redelivered: [] };
    assert.deepEqual(edited(position, [[1, 5]], 5), start);
    assert.deepEqual(edited(position, [], 0), { ...start, delivered: 0, floor: 0 });
  });

  it("moves with the messages when they are numbered anew", () => {
    const kept = [
      [8, 10],
      [15, 16],
      [20, 25],
    ] as const;
    const expected = { delivered: 6, floor: 3, pending: [4, 6], redelivered: [4] };
    assert.deepEqual(edited(position, kept, 11, true), expected);
  });

  it("stands before the first message when none up to it was kept and they are numbered anew", () => {
    assert.deepEqual(edited(position, [[21, 30]], 10, true), { delivered: 0, floor: 0, pending: [], redelivered: [] });
  });

  it("starts at the message that it was to start at, also where that has another number now", () => {
    const kept = SequenceRanges.from([
      [5, 6],
      [10, 20],
    ]);
    const start = (sequence: unknown, renumbered = true): unknown =>
      startAmong(
        { opt_start_seq: sequence, deliver_policy: "by_start_sequence" },
        { kept, lastSequence: 13, renumbered },
      ).opt_start_seq;
    assert.deepEqual(
      [1, 5, 6, 7, 10, 12, 20, 21, 999].map((sequence) => start(sequence)),
      [1, 1, 2, 3, 3, 5, 13, 14, 14],
    );
    assert.deepEqual([start(0), start(undefined), start(10, false)], [0, undefined, 10]);
    const editor = new ConsumerEditor({ renumber: true });
    const consumer = { name: "late", config: { opt_start_seq: 10 } };
    const [made] = editor.result([consumer], { kept, lastSequence: 13, renumbered: true }).kept;
    assert.equal(made?.config.opt_start_seq, 3, "also of one that was never delivered to");
  });

  it("keeps its own count of deliveries, and their times", () => {
    const kept = SequenceRanges.from([[15, 30]]);
    const {
      delivered,
      ackFloor,
      pending,
      redelivered: again,
    } = editConsumerState(stateOf(position), {
      kept,
      lastSequence: 16,
      renumbered: true,
    });
    assert.deepEqual([delivered.consumer, ackFloor.consumer], [40, 20]);
    assert.deepEqual([[...pending.consumer], [...pending.time], [...again.count]], [[30, 40], [150n, 200n], [3]]);
  });

  it("V2-73 stays possible: not beyond the stream, the floor not beyond the delivery, pending messages kept ones", () => {
    const numbers = fc
      .uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 40 })
      .map((list) => list.sort((a, b) => a - b));
    const where = fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 60 }), numbers);
    fc.assert(
      fc.property(where, numbers, fc.nat(20), fc.boolean(), ([a, b, waits], kept, behind, renumbered) => {
        const [floor, delivered] = [Math.min(a, b), Math.max(a, b)];
        const pending = waits.filter((sequence) => sequence > floor && sequence <= delivered);
        const lastSequence = renumbered ? kept.length : (kept.at(-1) ?? 0) + behind;
        const runs = kept.map((sequence) => [sequence, sequence] as const);
        const result = edited({ delivered, floor, pending, redelivered: pending }, runs, lastSequence, renumbered);
        assert.ok(result.floor <= result.delivered && result.delivered <= lastSequence);
        assert.ok(result.pending.every((sequence) => sequence > result.floor && sequence <= result.delivered));
        const expected = pending.filter((sequence) => kept.includes(sequence));
        assert.deepEqual(
          result.pending,
          renumbered ? expected.map((sequence) => kept.indexOf(sequence) + 1) : expected,
        );
        assert.deepEqual(result.redelivered, result.pending);
        // What was not delivered yet still comes: the kept messages behind the delivery are as many as before.
        const numbersNow = renumbered ? kept.map((_, index) => index + 1) : kept;
        const comes = (from: number, list: readonly number[]): number =>
          list.filter((sequence) => sequence > from).length;
        assert.equal(comes(result.delivered, numbersNow), comes(delivered, kept));
      }),
      { numRuns: 500 },
    );
  });
});

describe("a consumer's filters", () => {
  const rename = (subject: string): string | undefined =>
    subject.startsWith("old.") ? `new.${subject.slice(4)}` : subject === ">" ? undefined : subject;
  const filters = (config: Record<string, unknown>): unknown =>
    renameConsumerFilters({ name: "c", config }, rename)?.config;

  it("are renamed, one or several", () => {
    assert.deepEqual(filters({ filter_subject: "old.a", max_deliver: 3 }), { filter_subject: "new.a", max_deliver: 3 });
    assert.deepEqual(filters({ filter_subjects: ["old.a", "b"] }), { filter_subjects: ["new.a", "b"] });
  });

  it("stay absent where there are none", () => {
    for (const config of [{}, { filter_subject: "" }, { filter_subjects: [] }])
      assert.deepEqual(filters(config), config);
  });

  it("are named once where two become the same, as servers want it", () => {
    assert.deepEqual(filters({ filter_subjects: ["old.a", "new.a"] }), { filter_subjects: ["new.a"] });
  });

  it("leave no consumer where one of them is renamed in part only", () => {
    assert.equal(filters({ filter_subject: ">" }), undefined);
    assert.equal(filters({ filter_subjects: ["b", ">"] }), undefined);
  });
});

describe("the consumers of an archive", () => {
  const consumers = [
    { name: "a", config: {}, state: stateOf({ delivered: 9, floor: 2, pending: [5, 9] }) },
    { name: "b", config: {} },
  ];

  it("are kept, and what they wait for no more is counted", () => {
    const content = { kept: SequenceRanges.from([[1, 5]]), lastSequence: 9, renumbered: false };
    const { kept, dropped, droppedPending } = new ConsumerEditor({}).result(consumers, content);
    assert.deepEqual([kept.map(({ name }) => name), dropped, droppedPending], [["a", "b"], [], 1]);
    assert.deepEqual(kept[1], { name: "b", config: {} });
  });

  it("are left out where they are not wanted, each with a reason", () => {
    const { kept, dropped, droppedPending } = new ConsumerEditor({ consumers: false }).result(consumers, undefined);
    assert.deepEqual([kept, dropped.map(({ name }) => name), droppedPending], [[], ["a", "b"], 0]);
    assert.ok(dropped.every(({ reason }) => reason !== ""));
  });
});
