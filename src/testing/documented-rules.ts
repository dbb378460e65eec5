import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";

const root = join(import.meta.dirname, "..", "..");

/** A file of the project, by its path from the root. */
export const readProjectFile = (path: string): string => readFileSync(join(root, path), "utf8");

/** A numbered rule of a page. */
export interface DocumentedRule {
  readonly id: string;
  /** Paths of the tests that it names, from the root. */
  readonly tests: readonly string[];
}

export interface DocumentedPages {
  /** With the name that the tests' titles have. */
  readonly pages: readonly (readonly [page: string, rules: readonly DocumentedRule[]])[];
  /** Each page has more rules than so many: fewer were not read right. */
  readonly moreThan: number;
  /** Finds the numbers that tests speak of; global. */
  readonly ids: RegExp;
}

/** Tests that hold pages and tests together: each rule is in the title of the tests that it names, and those speak of no other. */
export function itHoldsRules({ pages, moreThan, ids: spoken }: DocumentedPages): void {
  for (const [page, rules] of pages) {
    it(`${page}: each has a number of its own, and is in the title of a test in every file that it names`, () => {
      assert.ok(rules.length > moreThan, `${rules.length} rules`);
      const ids = rules.map(({ id }) => id);
      assert.deepEqual(
        ids.filter((id, index) => ids.indexOf(id) !== index),
        [],
      );
      const untested = rules.flatMap(({ id, tests }) => {
        if (tests.length === 0) return [`${id} names no test`];
        // A title: what stands behind it(, or in a table of titles.
        const title = new RegExp(`["\`][^"\`\\n]*\\b${id}\\b`);
        return tests
          .filter((path) => !title.test(readProjectFile(path)))
          .map((path) => `${id} is in no title of ${path}`);
      });
      assert.deepEqual(untested, []);
    });
  }

  it("tests speak of rules that there are", () => {
    const known = new Set(pages.flatMap(([, rules]) => rules.map(({ id }) => id)));
    const files = new Set(pages.flatMap(([, rules]) => rules.flatMap(({ tests }) => tests)));
    const unknown = [...files].flatMap((path) =>
      [...readProjectFile(path).matchAll(spoken)].map(([id]) => id).filter((id) => !known.has(id)),
    );
    assert.deepEqual([...new Set(unknown)], []);
  });
}
