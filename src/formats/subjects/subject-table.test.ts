import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { SubjectTable } from "./subject-table.ts";

const encoder = new TextEncoder();

/** The number of a subject that lies in the middle of other bytes. */
function number(table: SubjectTable, subject: string): number {
  const bytes = encoder.encode(`xx${subject}yy`);
  return table.number(bytes, 2, bytes.length - 4);
}

/** FNV-1a, as the table's. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of encoder.encode(text)) value = Math.imul(value ^ byte, 0x01000193);
  return value >>> 0;
}

describe("a table of subjects", () => {
  it("numbers subjects in the order in which they are first met", () => {
    const table = new SubjectTable();
    assert.deepEqual(
      ["b", "a", "b", "größe.語", "", "a", ""].map((subject) => number(table, subject)),
      [0, 1, 0, 2, 3, 1, 3],
    );
    assert.equal(table.size, 4);
    assert.deepEqual(
      [0, 1, 2, 3].map((known) => table.text(known)),
      ["b", "a", "größe.語", ""],
    );
  });

  it("keeps a hundred thousand subjects apart while it grows", () => {
    const table = new SubjectTable();
    const subjects = Array.from({ length: 100_000 }, (_, index) => `$KV.bucket.key-${index}`);
    for (const [index, subject] of subjects.entries()) assert.equal(number(table, subject), index);
    for (const [index, subject] of subjects.entries()) assert.equal(number(table, subject), index);
    assert.equal(table.size, subjects.length);
    assert.equal(table.text(77_777), subjects[77_777]);
  });

  it("keeps subjects of the same hash apart", () => {
    const table = new SubjectTable();
    const pairs = [
      ["key.1dzz9sv", "key.1my1y60"],
      ["key.1ue7rdi", "key.lt8hjk"],
      ["key.148541k", "key.aamhoz"],
    ] as const;
    for (const [index, [one, other]] of pairs.entries()) {
      assert.equal(hash(one), hash(other));
      assert.deepEqual(
        [one, other, one].map((subject) => number(table, subject)),
        [index * 2, index * 2 + 1, index * 2],
      );
    }
  });

  it("takes subjects that are larger than all its memory", () => {
    const table = new SubjectTable();
    const [long, longer] = ["x".repeat(100_000), "x".repeat(1_000_000)];
    assert.deepEqual([number(table, "a"), number(table, long), number(table, longer)], [0, 1, 2]);
    assert.deepEqual([number(table, longer), number(table, long)], [2, 1]);
    assert.equal(table.text(1), long);
  });

  it("tells subjects of bytes that are no text, and with a byte order mark, apart", () => {
    const table = new SubjectTable();
    assert.equal(table.number(Uint8Array.of(0xff), 0, 1), 0);
    assert.equal(table.number(Uint8Array.of(0xfe), 0, 1), 1);
    assert.deepEqual([number(table, "\ufeffa"), number(table, "a")], [2, 3]);
    assert.equal(table.text(2), "\ufeffa");
  });

  it("begins anew once it is cleared", () => {
    const table = new SubjectTable();
    for (let index = 0; index < 3000; index++) number(table, `old.${index}`);
    table.clear();
    assert.equal(table.size, 0);
    assert.deepEqual([number(table, "old.7"), number(table, "new"), number(table, "old.7")], [0, 1, 0]);
    assert.deepEqual([table.text(0), table.text(1)], ["old.7", "new"]);
  });

  it("agrees with a map, whatever comes", () => {
    const step = fc.oneof(
      { weight: 30, arbitrary: fc.string({ maxLength: 6, unit: fc.constantFrom("a", "b", ".", "ö") }) },
      { weight: 1, arbitrary: fc.constant(undefined) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 600 }), (steps) => {
        const table = new SubjectTable();
        const map = new Map<string, number>();
        for (const subject of steps) {
          if (subject === undefined) {
            table.clear();
            map.clear();
            continue;
          }
          if (!map.has(subject)) map.set(subject, map.size);
          assert.equal(number(table, subject), map.get(subject));
        }
        for (const [subject, known] of map) assert.equal(table.text(known), subject);
      }),
      { numRuns: 100 },
    );
  });
});
