import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { renderErrors } from "../scripts/render-errors.ts";
import { catalogue, isRelightError, RelightError } from "./errors.ts";

describe("the catalogue of errors", () => {
  it("is what docs/errors.md says (npm run docs writes it)", () => {
    assert.equal(readFileSync(new URL("../docs/errors.md", import.meta.url), "utf8"), renderErrors());
  });

  it("has a meaning and a hint for every code, as whole sentences", () => {
    for (const [code, { meaning, hint }] of Object.entries(catalogue)) {
      assert.match(meaning, /^[A-Z].*\.$/, code);
      assert.ok(hint.length > 0, code);
    }
  });

  it("gives an error its exit code and hint, unless a better hint is known", () => {
    const plain = new RelightError("STREAM_EXISTS", "it is there");
    assert.equal(plain.exitCode, 1);
    assert.equal(plain.hint, catalogue.STREAM_EXISTS.hint);
    assert.deepEqual(plain.context, {});
    assert.equal(new RelightError("STREAM_EXISTS", "it is there", { hint: "Rename it." }).hint, "Rename it.");
  });

  it("is told from other errors by its code", () => {
    const error: unknown = new RelightError("TIMEOUT", "late");
    assert.ok(isRelightError(error));
    assert.ok(isRelightError(error, "TIMEOUT"));
    assert.ok(!isRelightError(error, "CANCELLED"));
    assert.ok(!isRelightError(new Error("late"), "TIMEOUT"));
  });
});
