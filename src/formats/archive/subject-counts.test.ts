import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { entryBatch } from "../../testing/entry-batch.ts";
import { Kernels } from "../kernels/kernels.ts";
import { SubjectCounts } from "./subject-counts.ts";

interface Counted {
  readonly messages: number;
  readonly firstBlock: number;
  readonly lastBlock: number;
}

function counted(counts: SubjectCounts): Map<string, Counted> {
  return new Map(
    Array.from(counts.subjects(), ({ subject, ...rest }) => [Buffer.from(subject).toString("latin1"), { ...rest }]),
  );
}

/** In JavaScript. */
function expected(blocks: readonly (readonly string[])[]): Map<string, Counted> {
  const subjects = new Map<string, Counted>();
  for (const [index, block] of blocks.entries()) {
    for (const subject of block) {
      const name = Buffer.from(subject).toString("latin1");
      const { messages, firstBlock } = subjects.get(name) ?? { messages: 0, firstBlock: index + 1 };
      subjects.set(name, { messages: messages + 1, firstBlock, lastBlock: index + 1 });
    }
  }
  return subjects;
}

function count(counts: SubjectCounts, kernels: Kernels, blocks: readonly (readonly string[])[]): boolean {
  for (const [index, block] of blocks.entries()) {
    for (let from = 0; from < block.length; from += 4096) {
      const part = block.slice(from, from + 4096);
      const { rows } = entryBatch(
        part.map((name) => ({ name, payload: "x".repeat(part.length % 3) })),
        kernels,
      );
      if (!counts.count(rows, 0, part.length, index + 1)) return false;
    }
  }
  return true;
}

describe("counting subjects while blocks are built", () => {
  it("agrees with a map of strings", () => {
    const subject = fc.oneof(
      fc.stringMatching(/^[a-c]{1,3}$/),
      fc.string({ minLength: 1, maxLength: 40 }),
      fc.string({ minLength: 1, maxLength: 9, unit: "binary" }),
    );
    fc.assert(
      fc.property(fc.array(fc.array(subject, { maxLength: 40 }), { maxLength: 6 }), (blocks) => {
        const kernels = Kernels.create();
        const counts = new SubjectCounts(kernels);
        assert.ok(count(counts, kernels, blocks));
        assert.deepEqual(counted(counts), expected(blocks));
        assert.equal(counts.size, expected(blocks).size);
      }),
    );
  });

  it("V1-77 takes 100,000 of them while its table and their memory grow, and no more than 131,072", () => {
    const kernels = Kernels.create();
    const counts = new SubjectCounts(kernels);
    const subjects = (from: number, to: number): string[] =>
      Array.from({ length: to - from }, (_, index) => `orders.${from + index}.${"y".repeat((from + index) % 50)}`);
    const blocks = [subjects(0, 60_000), subjects(30_000, 100_000)];
    assert.ok(count(counts, kernels, blocks));
    assert.equal(counts.size, 100_000);
    assert.deepEqual(counted(counts), expected(blocks));

    assert.ok(count(counts, kernels, [subjects(100_000, 131_072)]));
    assert.ok(count(counts, kernels, [subjects(0, 10)]), "known ones still count");
    assert.ok(!count(counts, kernels, [subjects(131_072, 131_073)]));
  });

  it("V1-77 takes no subject of more than 128 KiB, nor more than 8 MiB of them", () => {
    const kernels = Kernels.create();
    assert.ok(count(new SubjectCounts(kernels), kernels, [["z".repeat(128 * 1024)]]));
    assert.ok(!count(new SubjectCounts(kernels), kernels, [["z".repeat(128 * 1024 + 1)]]));
    const many = Array.from({ length: 65 }, (_, index) => "z".repeat(128 * 1024 - index));
    assert.ok(!count(new SubjectCounts(kernels), kernels, [many]));
  });
});
