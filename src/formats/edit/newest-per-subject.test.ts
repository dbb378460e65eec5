import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { entryBatch, headersOf, readBatch } from "../../testing/entry-batch.ts";
import type { TestEntryV2 } from "../../testing/natsarc-writer.ts";
import { type NewestOptions, NewestPerSubject } from "./newest-per-subject.ts";

const removed = headersOf({ "KV-Operation": "DEL" });

/** Both passes over messages, which come in batches of a size; the sequences that are kept. */
function newest(
  options: NewestOptions,
  messages: readonly TestEntryV2[],
  batchSize = 3,
): [kept: number[], dropped: unknown] {
  const filter = new NewestPerSubject(options);
  const numbered = messages.map((message, index) => ({ ...message, sequence: index + 1 }));
  const batches = (): ReturnType<typeof entryBatch>[] =>
    Array.from({ length: Math.ceil(numbered.length / batchSize) }, (_, index) =>
      entryBatch(numbered.slice(index * batchSize, (index + 1) * batchSize)),
    );
  for (const batch of batches()) filter.count(batch);
  const kept = batches().flatMap((batch) => readBatch({ ...batch, count: filter.keep(batch) }));
  return [kept.map(({ sequence }) => sequence), { ...filter.dropped }];
}

const named = (...names: readonly string[]): TestEntryV2[] => names.map((name) => ({ name }));

describe("the newest messages of each subject", () => {
  it("are kept, as many as asked for, in their order", () => {
    const messages = named("a", "b", "a", "a", "c", "b", "a");
    assert.deepEqual(newest({ count: 1 }, messages), [[5, 6, 7], { "per-subject": 4 }]);
    assert.deepEqual(newest({ count: 2 }, messages), [[2, 4, 5, 6, 7], { "per-subject": 2 }]);
    assert.deepEqual(newest({ count: 4 }, messages), [[1, 2, 3, 4, 5, 6, 7], {}]);
  });

  it("are none where there are no messages", () => {
    assert.deepEqual(newest({ count: 1 }, []), [[], {}]);
  });

  it("are found for many thousand subjects", () => {
    const round = Array.from({ length: 3500 }, (_, index) => ({ name: `$KV.b.key-${index}` }));
    const [kept, dropped] = newest({ count: 1 }, [...round, ...round, ...round], 3500);
    assert.deepEqual(
      kept,
      Array.from({ length: 3500 }, (_, index) => 7001 + index),
    );
    assert.deepEqual(dropped, { "per-subject": 7000 });
  });

  it("are at least one", () => {
    for (const count of [0, -1, 1.5, Number.NaN]) assert.throws(() => new NewestPerSubject({ count }), RangeError);
  });

  it("may leave out keys that are gone, and only those", () => {
    const messages = [
      ...named("a", "b", "c"),
      { name: "a", headers: removed },
      { name: "b", headers: removed },
      ...named("b"),
      { name: "d", headers: removed },
    ];
    assert.deepEqual(newest({ count: 1, dropRemovedKeys: true }, messages), [[3, 6], { "key-removed": 5 }]);
    assert.deepEqual(newest({ count: 1 }, messages), [[3, 4, 6, 7], { "per-subject": 3 }]);
  });

  it("are what a list would give", () => {
    const message = fc.record({
      name: fc.constantFrom("a", "b", "größe.語", "$KV.x.y"),
      headers: fc.constantFrom(
        "",
        removed,
        headersOf({ "KV-Operation": "PUT" }),
        headersOf({ "Nats-Marker-Reason": "MaxAge" }),
      ),
    });
    const options = fc.oneof(
      fc.record({ count: fc.integer({ min: 1, max: 4 }) }),
      fc.constant({ count: 1, dropRemovedKeys: true }),
    );
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 30 }),
        options,
        fc.integer({ min: 1, max: 9 }),
        (list, wanted, size) => {
          const expected = list.flatMap(({ name, headers }, index) => {
            const newer = list.slice(index + 1).filter((other) => other.name === name);
            const gone = "dropRemovedKeys" in wanted && headers !== "" && !headers.includes("PUT");
            return newer.length < wanted.count && !gone ? [index + 1] : [];
          });
          assert.deepEqual(newest(wanted, list, size)[0], expected);
        },
      ),
      { numRuns: 100 },
    );
  });
});
