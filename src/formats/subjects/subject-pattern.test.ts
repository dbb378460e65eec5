import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { SubjectPattern } from "./subject-pattern.ts";

const token = fc.constantFrom("a", "b", "größe", "$KV", "語");
const subject = fc.array(token, { minLength: 1, maxLength: 5 }).map((tokens) => tokens.join("."));
const pattern = fc
  .tuple(fc.array(fc.oneof(token, fc.constant("*")), { maxLength: 4 }), fc.boolean())
  .map(([tokens, rest]) => [...tokens, ...(rest || tokens.length === 0 ? [">"] : [])].join("."));

/** The same pattern as a regular expression. */
function expression(text: string): RegExp {
  const escaped = text.replace(/\$/g, "\\$").replace(/\./g, "\\.").replace(/\*/g, "[^.]+").replace(/>/g, ".+");
  return new RegExp(`^${escaped}$`, "u");
}

describe("a subject pattern", () => {
  for (const [text, name, found] of [
    ["orders.new", "orders.new", []],
    ["orders.*", "orders.new", ["new"]],
    ["*.*.c", "a.b.c", ["a", "b"]],
    ["orders.>", "orders.new.eu", ["new.eu"]],
    ["*.>", "a.b.c", ["a", "b.c"]],
    [">", "größe.語", ["größe.語"]],
  ] as const) {
    it(`${text} matches ${name}, its wildcards stand for ${JSON.stringify(found)}`, () => {
      assert.deepEqual(new SubjectPattern(text).match(name), found);
    });
  }

  for (const [text, name] of [
    ["orders.new", "orders"],
    ["orders", "orders.new"],
    ["orders.*", "orders"],
    ["orders.*", "orders.new.eu"],
    ["orders.>", "orders"],
    ["a.*.c", "a.b.d"],
    ["Orders", "orders"],
  ] as const) {
    it(`${text} does not match ${name}`, () => {
      assert.equal(new SubjectPattern(text).match(name), undefined);
    });
  }

  it("covers a pattern that matches less, not one that matches more", () => {
    for (const [wide, narrow] of [
      ["a.>", "a.*"],
      ["a.>", "a.*.>"],
      ["a.*", "a.*"],
      ["*.b", "a.b"],
      [">", ">"],
    ] as const) {
      assert.ok(new SubjectPattern(wide).covers(narrow), `${wide} covers ${narrow}`);
      if (wide !== narrow) assert.ok(!new SubjectPattern(narrow).covers(wide), `${narrow} does not cover ${wide}`);
    }
    assert.ok(!new SubjectPattern("a.*").covers("a.>"));
  });

  it("agrees with a regular expression on any subject", () => {
    fc.assert(
      fc.property(pattern, subject, (text, name) => {
        assert.equal(new SubjectPattern(text).covers(name), expression(text).test(name));
      }),
      { numRuns: 2000 },
    );
  });

  it("covers whatever a pattern that it covers matches", () => {
    fc.assert(
      fc.property(pattern, pattern, subject, (wide, narrow, name) => {
        fc.pre(new SubjectPattern(wide).covers(narrow) && new SubjectPattern(narrow).covers(name));
        assert.ok(new SubjectPattern(wide).covers(name));
      }),
      { numRuns: 200 },
    );
  });

  it("is valid without empty tokens and spaces, and with > at its end only", () => {
    for (const text of ["a", "a.*.b", ">", "*", "a.>", "$KV.größe.>", "a*b", "a>b"]) {
      assert.ok(SubjectPattern.isValid(text), text);
    }
    for (const text of ["", ".", "a.", ".a", "a..b", "a b", "a.\t", "a.>.b", ">.>"]) {
      assert.ok(!SubjectPattern.isValid(text), text);
    }
  });
});
