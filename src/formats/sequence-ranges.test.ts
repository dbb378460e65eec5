import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isRelightError } from "../errors.ts";
import { SequenceRanges } from "./sequence-ranges.ts";
import { SequenceSetBuilder } from "./sequence-set-builder.ts";

/** A set as an array, and the same as ranges. */
const sets = fc.uniqueArray(fc.nat(120), { maxLength: 80 }).map((list) => list.sort((a, b) => a - b));

function rangesOf(sequences: Iterable<number>): SequenceRanges {
  const ranges = new SequenceRanges();
  for (const sequence of sequences) ranges.append(sequence);
  return ranges;
}

function listOf(ranges: SequenceRanges): number[] {
  const list: number[] = [];
  for (const [first, last] of ranges) for (let sequence = first; sequence <= last; sequence++) list.push(sequence);
  return list;
}

describe("SequenceRanges", () => {
  it("holds nothing at first", () => {
    const ranges = new SequenceRanges();
    assert.deepEqual([ranges.count, ranges.runs, ranges.first, ranges.last], [0, 0, 0, 0]);
    assert.equal(ranges.has(0), false);
    assert.equal(ranges.countUpTo(10), 0);
    assert.deepEqual([...ranges], []);
    assert.equal(ranges.toBytes().length, 0);
  });

  it("joins neighbours into one run and tells first, last and count", () => {
    const ranges = rangesOf([3, 4, 5, 9]);
    ranges.appendRun(10, 12);
    ranges.appendRun(20, 20);
    assert.deepEqual(
      [...ranges],
      [
        [3, 5],
        [9, 12],
        [20, 20],
      ],
    );
    assert.deepEqual([ranges.count, ranges.runs, ranges.first, ranges.last], [8, 3, 3, 20]);
  });

  it("refuses what does not ascend, and what is no sequence", () => {
    const ranges = rangesOf([5, 6]);
    for (const [first, last] of [
      [6, 6],
      [1, 2],
      [5, 9],
      [9, 8],
      [2 ** 53, 2 ** 53],
      [Number.NaN, 9],
    ] as const) {
      assert.throws(
        () => ranges.appendRun(first, last),
        (error) => isRelightError(error, "INTERNAL"),
      );
    }
    assert.throws(
      () => ranges.append(6),
      (error) => isRelightError(error, "INTERNAL"),
    );
    assert.deepEqual([...ranges], [[5, 6]]);
  });

  it("takes a few bytes for millions of sequences, and three for every hole", () => {
    const whole = new SequenceRanges();
    for (let sequence = 1; sequence <= 5_000_000; sequence++) whole.append(sequence);
    assert.ok(whole.toBytes().length < 16);
    const holes = new SequenceRanges();
    for (let sequence = 1; sequence <= 1_000_000; sequence++) if (sequence % 10 !== 0) holes.append(sequence);
    assert.equal(holes.runs, 100_000);
    assert.ok(holes.byteLength <= 200_000, `${holes.byteLength}`);
  });

  it("finds sequences among very many runs, and counts up to any of them", () => {
    const ranges = new SequenceRanges();
    for (let run = 0; run < 20_000; run++) ranges.appendRun(run * 7 + 3, run * 7 + 5);
    for (const run of [0, 1, 255, 256, 257, 511, 512, 9_999, 19_998, 19_999]) {
      assert.equal(ranges.has(run * 7 + 2), false);
      assert.equal(ranges.has(run * 7 + 3), true);
      assert.equal(ranges.has(run * 7 + 5), true);
      assert.equal(ranges.has(run * 7 + 6), false);
      assert.equal(ranges.countUpTo(run * 7 + 2), run * 3);
      assert.equal(ranges.countUpTo(run * 7 + 4), run * 3 + 2);
      assert.equal(ranges.countUpTo(run * 7 + 8), run * 3 + 3);
    }
  });

  it("keeps sequences up to 2^53 - 1", () => {
    const last = Number.MAX_SAFE_INTEGER;
    const ranges = SequenceRanges.from([
      [0, 0],
      [5_000_000_000, 5_000_000_001],
      [last - 1, last],
    ]);
    const copy = SequenceRanges.fromBytes(ranges.toBytes());
    assert.deepEqual(
      [...copy],
      [
        [0, 0],
        [5_000_000_000, 5_000_000_001],
        [last - 1, last],
      ],
    );
    assert.equal(copy.has(last), true);
  });

  it("goes on growing after it was copied to bytes", () => {
    const ranges = rangesOf([1, 2]);
    const early = ranges.toBytes();
    ranges.append(3);
    ranges.append(9);
    assert.deepEqual([...SequenceRanges.fromBytes(early)], [[1, 2]]);
    assert.deepEqual(
      [...SequenceRanges.fromBytes(ranges.toBytes())],
      [
        [1, 3],
        [9, 9],
      ],
    );
  });

  it("refuses bytes that are no set", () => {
    for (const bytes of [[0x80], [1], [1, 0xff], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0]]) {
      assert.throws(
        () => SequenceRanges.fromBytes(new Uint8Array(bytes)),
        (error) => isRelightError(error, "BACKUP_INVALID"),
      );
    }
  });

  it("agrees with a plain set in every operation", () => {
    fc.assert(
      fc.property(sets, sets, fc.nat(125), (a, b, limit) => {
        const [left, right] = [rangesOf(a), rangesOf(b)];
        const [setA, setB] = [new Set(a), new Set(b)];
        assert.deepEqual(listOf(left), a);
        assert.equal(left.count, a.length);
        assert.equal(left.has(limit), setA.has(limit));
        assert.equal(left.countUpTo(limit), a.filter((sequence) => sequence <= limit).length);
        assert.deepEqual(
          listOf(left.intersection(right)),
          a.filter((sequence) => setB.has(sequence)),
        );
        assert.deepEqual(
          listOf(left.difference(right)),
          a.filter((sequence) => !setB.has(sequence)),
        );
        assert.deepEqual(
          listOf(left.union(right)),
          [...new Set([...a, ...b])].sort((x, y) => x - y),
        );
        assert.deepEqual(
          listOf(left.above(limit)),
          a.filter((sequence) => sequence > limit),
        );
        assert.deepEqual(
          listOf(left.upTo(limit)),
          a.filter((sequence) => sequence <= limit),
        );
        assert.equal(left.equals(right), JSON.stringify(a) === JSON.stringify(b));
        assert.ok(left.equals(SequenceRanges.fromBytes(left.toBytes())));
      }),
      { numRuns: 500 },
    );
  });
});

describe("SequenceSetBuilder", () => {
  it("takes sequences in any order, with repeats", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(200), { maxLength: 300 }), (sequences) => {
        const builder = new SequenceSetBuilder();
        for (const [index, sequence] of sequences.entries()) {
          builder.add(sequence);
          if (index === 100) builder.build();
        }
        assert.deepEqual(
          listOf(builder.build()),
          [...new Set(sequences)].sort((a, b) => a - b),
        );
      }),
    );
  });

  it("merges what waits before it becomes too much", () => {
    const builder = new SequenceSetBuilder();
    for (let sequence = 1_400_000; sequence >= 1; sequence--) builder.add(sequence);
    assert.deepEqual([...builder.build()], [[1, 1_400_000]]);
  });
});
