import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ReplicaComparison } from "./replica-comparison.ts";

interface Told {
  readonly missing: readonly (readonly [number, number])[];
  readonly unlike: readonly (readonly [number, number])[];
}

/** What a comparison of whole replicas says; of each, the messages as sequence: digest. */
function compare(replicas: Readonly<Record<string, Readonly<Record<number, number>>>>): Readonly<Record<string, Told>> {
  const comparison = new ReplicaComparison(Object.keys(replicas));
  for (const [server, messages] of Object.entries(replicas)) {
    comparison.add(server, Object.keys(messages).map(Number), Object.values(messages), 100);
  }
  return Object.fromEntries(
    comparison
      .findings()
      .map(({ server, missing, unlike }) => [server, { missing: [...missing], unlike: [...unlike] }]),
  );
}

const nothing: Told = { missing: [], unlike: [] };

describe("ReplicaComparison", () => {
  it("finds nothing where all hand out the same, deleted messages or not", () => {
    const same = { 1: 11, 2: 12, 5: 15 };
    assert.deepEqual(compare({ n1: same, n2: same, n3: same }), { n1: nothing, n2: nothing, n3: nothing });
  });

  it("names what one lacks, as ranges", () => {
    const whole = { 1: 11, 2: 12, 3: 13, 5: 15 };
    const found = compare({ n1: whole, n2: { 1: 11, 5: 15 }, n3: whole });
    assert.deepEqual(found, { n1: nothing, n2: { missing: [[2, 3]], unlike: [] }, n3: nothing });
  });

  it("takes the word of the most for right", () => {
    const found = compare({ n1: { 7: 1 }, n2: { 7: 2 }, n3: { 7: 1 } });
    assert.deepEqual(found, { n1: nothing, n2: { missing: [], unlike: [[7, 7]] }, n3: nothing });
  });

  it("takes nobody's word for right where there is no majority", () => {
    const unlike: Told = { missing: [], unlike: [[7, 7]] };
    assert.deepEqual(compare({ n1: { 7: 1 }, n2: { 7: 2 } }), { n1: unlike, n2: unlike });
  });

  it("needs no more than one replica to say what there is", () => {
    const found = compare({ n1: {}, n2: {}, n3: { 4: 14 } });
    assert.deepEqual(found.n1, { missing: [[4, 4]], unlike: [] });
    assert.deepEqual(found.n3, nothing);
  });

  it("counts what there is and what each handed out", () => {
    const comparison = new ReplicaComparison(["n1", "n2"]);
    comparison.add("n1", [1, 2], [1, 2], 2);
    assert.equal(comparison.messages, 0, "nothing is compared before the other has told");
    comparison.add("n2", [2], [2], 2);
    assert.equal(comparison.messages, 2);
    assert.deepEqual(
      comparison.findings().map(({ read }) => read),
      [2, 1],
    );
  });

  it("says the same however the parts are cut", () => {
    const message = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 2 }));
    const replica = fc.uniqueArray(message, { selector: ([sequence]) => sequence, maxLength: 40 });
    fc.assert(
      fc.property(
        fc.array(replica, { minLength: 1, maxLength: 4 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
        (replicas, steps) => {
          const messages = replicas.map((one) => [...one].sort(([a], [b]) => a - b));
          const expected = new ReplicaComparison(messages.map((_, index) => `n${index}`));
          const cut = new ReplicaComparison(messages.map((_, index) => `n${index}`));
          for (const [index, all] of messages.entries()) {
            expected.add(
              `n${index}`,
              all.map(([sequence]) => sequence),
              all.map(([, digest]) => digest),
              60,
            );
          }
          while (cut.upTo < 60) {
            for (const [index, all] of messages.entries()) {
              const from = cut.upToOf(`n${index}`);
              const to = Math.min(60, from + steps.next().value);
              const part = all.filter(([sequence]) => sequence > from && sequence <= to);
              cut.add(
                `n${index}`,
                part.map(([sequence]) => sequence),
                part.map(([, digest]) => digest),
                to,
              );
            }
          }
          const plain = (comparison: ReplicaComparison): object =>
            comparison.findings().map((one) => ({ ...one, missing: [...one.missing], unlike: [...one.unlike] }));
          assert.deepEqual(plain(cut), plain(expected));
          assert.equal(cut.messages, expected.messages);
        },
      ),
    );
  });
});
