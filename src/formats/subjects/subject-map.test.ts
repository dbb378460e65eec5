import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { SubjectMap, type SubjectRule } from "./subject-map.ts";
import { subjectsOverlap } from "./subject-overlap.ts";
import { SubjectPattern } from "./subject-pattern.ts";

/** A map of rules written as `from -> to`. */
function mapOf(...rules: readonly string[]): SubjectMap {
  return new SubjectMap(
    rules.map((rule): SubjectRule => {
      const [from = "", to = ""] = rule.split(" -> ");
      return { from, to };
    }),
  );
}

describe("rules that rename subjects", () => {
  for (const [rule, before, after] of [
    ["orders -> sales", "orders", "sales"],
    ["orders.* -> sales.$1", "orders.new", "sales.new"],
    ["orders.* -> sales.{{wildcard(1)}}", "orders.new", "sales.new"],
    ["orders.* -> sales.{{ Wildcard( 1 ) }}", "orders.new", "sales.new"],
    ["*.*.c -> $2.$1", "a.b.c", "b.a"],
    ["orders.> -> sales.>", "orders.new.eu", "sales.new.eu"],
    ["*.> -> old.>.$1", "a.b.c", "old.b.c.a"],
    ["*.> -> $2", "a.b.c", "b.c"],
    ["$KV.a.> -> $KV.b.>", "$KV.a.größe.語", "$KV.b.größe.語"],
    ["a.* -> $1.$1", "a.x", "x.x"],
    ["> -> all", "any.thing", "all"],
  ] as const) {
    it(`${rule} makes ${before} ${after}`, () => {
      assert.equal(mapOf(rule).rename(before), after);
    });
  }

  it("apply one after another, and the first that matches decides", () => {
    const map = mapOf("a.b -> first", "a.* -> second.$1");
    assert.deepEqual([map.rename("a.b"), map.rename("a.c"), map.rename("b.c")], ["first", "second.c", undefined]);
  });

  for (const [rule, why] of [
    ["a..b -> c", "an empty token in what is renamed"],
    ["a.>.b -> c", "> in the middle"],
    ["a b -> c", "a space"],
    [" -> c", "nothing to rename"],
    ["a -> ", "no new name"],
    ["a.* -> b..c", "an empty token in the new name"],
    ["a.* -> b.*", "a wildcard that does not say which"],
    ["a.* -> b.$2", "a wildcard that is not there"],
    ["a.* -> b.$0", "a wildcard before the first"],
    ["a -> b.>", "a rest that is not there"],
    ["a.* -> b.{{wildcard(2)}}", "a wildcard that is not there"],
    ["a.* -> b.{{partition(3,1)}}", "a function that only servers know"],
    ["a.* -> b.x{{wildcard(1)}}", "a part of a token"],
  ] as const) {
    it(`are refused: "${rule}", ${why}`, () => {
      assert.throws(() => mapOf(rule), RangeError);
    });
  }
});

describe("a filter whose subjects are renamed", () => {
  for (const [rules, filter, result] of [
    [["a.> -> b.>"], "a.x.*", "b.x.*"],
    [["a.> -> b.>"], "c.>", "c.>"],
    [["a.* -> b.$1"], "a.*", "b.*"],
    [["a.*.* -> b.$2.$1"], "a.x.*", "b.*.x"],
    [["a.*.* -> b.$2"], "a.*.*", "b.*"],
    [["a.b -> x"], "a.*", undefined],
    [["a.b -> x"], ">", undefined],
    [["a.b -> x", "a.* -> y.$1"], "a.*", undefined],
    [["a.* -> y.$1", "a.b -> x"], "a.*", "y.*"],
    [["a.b -> x", "a.* -> y.$1"], "a.c", "y.c"],
    [["a.*.* -> b.$2"], "a.x.*", undefined],
    [["a.* -> all"], "a.x", undefined],
    [["a.> -> $1.b"], "a.>", undefined],
  ] as const) {
    it(`${rules.join(", ")}: ${filter} becomes ${result ?? "nothing, as no one filter would do"}`, () => {
      assert.equal(mapOf(...rules).renameFilter(filter), result);
    });
  }
});

describe("a stream whose subjects are renamed", () => {
  for (const [rules, subjects, result] of [
    [["a.> -> b.>"], ["a.*", "c"], ["b.*", "c"]],
    [["a.b -> x"], ["a.*"], ["a.*", "x"]],
    [["a.* -> all"], ["a.*", "a.b.c"], ["all", "a.b.c"]],
    [["a.b.* -> z.$1"], ["a.*.c"], ["a.*.c", "z.c"]],
    [["a.> -> x.>", "b -> x.b"], ["b", "a.>"], ["x.>"]],
    [["a.> -> $1.old"], ["a.>"], [">"]],
    [["a.b -> x", "a.* -> y.$1"], ["a.>"], ["a.>", "x", "y.*"]],
    [[], ["a.>"], ["a.>"]],
  ] as const) {
    it(`${rules.join(", ") || "no rule"}: takes ${result.join(", ")} in place of ${subjects.join(", ")}`, () => {
      assert.deepEqual(mapOf(...rules).renameStreamSubjects(subjects), result);
    });
  }
});

const token = fc.constantFrom("a", "b", "c");
const pattern = fc
  .tuple(fc.array(fc.oneof(token, fc.constant("*")), { maxLength: 3 }), fc.boolean())
  .map(([tokens, rest]) => [...tokens, ...(rest || tokens.length === 0 ? [">"] : [])].join("."));
const subject = fc.array(token, { minLength: 1, maxLength: 4 }).map((tokens) => tokens.join("."));
/** A rule that keeps all wildcards apart, in another order. */
const rule = fc.tuple(pattern, fc.constantFrom("x", "y"), fc.boolean()).map(([from, prefix, turned]): SubjectRule => {
  const places = from.split(".").filter((part) => part === "*" || part === ">");
  const numbered = places.map((_, index) => `$${index + 1}`);
  return { from, to: [prefix, ...(turned ? numbered.reverse() : numbered)].join(".") };
});

describe("whatever the rules", () => {
  const rules = fc.array(rule, { maxLength: 3 });

  it("a filter that is renamed finds the messages that it found before", () => {
    fc.assert(
      fc.property(rules, pattern, subject, (list, filter, name) => {
        const map = new SubjectMap(list);
        const renamed = map.renameFilter(filter);
        fc.pre(renamed !== undefined && new SubjectPattern(filter).covers(name));
        assert.ok(new SubjectPattern(renamed).covers(map.rename(name) ?? name));
      }),
      { numRuns: 500 },
    );
  });

  it("a stream takes what becomes of its messages, by subjects of which none covers another", () => {
    fc.assert(
      fc.property(rules, fc.array(pattern, { minLength: 1, maxLength: 3 }), subject, (list, subjects, name) => {
        fc.pre(subjects.every((one, index) => !subjects.slice(index + 1).some((other) => subjectsOverlap(one, other))));
        fc.pre(subjects.some((one) => new SubjectPattern(one).covers(name)));
        const map = new SubjectMap(list);
        const renamed = map.renameStreamSubjects(subjects);
        assert.ok(renamed.every(SubjectPattern.isValid));
        assert.ok(renamed.some((one) => new SubjectPattern(one).covers(map.rename(name) ?? name)));
        for (const one of renamed) {
          assert.ok(!renamed.some((other) => other !== one && new SubjectPattern(other).covers(one)));
        }
      }),
      { numRuns: 500 },
    );
  });
});
