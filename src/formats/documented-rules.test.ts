import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";

const root = join(import.meta.dirname, "..", "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

interface Rule {
  readonly id: string;
  /** Paths of the tests that it names, from the root. */
  readonly tests: readonly string[];
}

interface Places {
  /** The folder of the tests below "Writing". */
  readonly writing?: string;
  /** The test of rules that name none. */
  readonly usual?: string;
}

/** The rules of a page: rows of its tables that begin with a number such as V1-04. Where one names no test, the row above does. */
function rulesIn(page: string, folder: string, { writing = folder, usual }: Places = {}): Rule[] {
  let [at, above]: [string, readonly string[]] = [folder, []];
  const rules: Rule[] = [];
  for (const line of read(page).split("\n")) {
    if (line.startsWith("## Writing")) at = writing;
    const [, id, row] = /^\| ((?:S2|V1|V2|SV|BD)-\d+) \|(.*)\|$/.exec(line) ?? [];
    if (id === undefined || row === undefined) continue;
    const named = [...row.matchAll(/`([^`]+\.test\.ts)`/g)].map(([, path]) => path as string);
    if (named.length > 0) above = named.map((path) => (path.startsWith("src/") ? path : join(at, path)));
    rules.push({ id, tests: usual !== undefined && named.length === 0 ? [usual] : above });
  }
  return rules;
}

const pages: readonly (readonly [page: string, rules: readonly Rule[]])[] = [
  ["s2.md", rulesIn("docs/formats/s2.md", "src/formats/s2")],
  ["v1.md", rulesIn("docs/formats/v1.md", "src/formats")],
  ["v2.md", rulesIn("docs/formats/v2.md", "src/formats/archive", { writing: "src/formats" })],
  ["salvage.md", rulesIn("docs/formats/salvage.md", "src/formats/salvage")],
  [
    "backup-directory.md",
    rulesIn("docs/backup-directory.md", "src", { usual: "src/operations/backup-directory.test.ts" }),
  ],
];

describe("the rules of the formats", () => {
  for (const [page, rules] of pages) {
    it(`${page}: each has a number of its own, and is in the title of a test in every file that it names`, () => {
      assert.ok(rules.length > 10, `${rules.length} rules`);
      const ids = rules.map(({ id }) => id);
      assert.deepEqual(
        ids.filter((id, index) => ids.indexOf(id) !== index),
        [],
      );
      const untested = rules.flatMap(({ id, tests }) => {
        if (tests.length === 0) return [`${id} names no test`];
        // A title: what stands behind it(, or in a table of titles.
        const title = new RegExp(`["\`][^"\`\\n]*\\b${id}\\b`);
        return tests.filter((path) => !title.test(read(path))).map((path) => `${id} is in no title of ${path}`);
      });
      assert.deepEqual(untested, []);
    });
  }

  it("tests speak of rules that there are", () => {
    const known = new Set(pages.flatMap(([, rules]) => rules.map(({ id }) => id)));
    const files = new Set(pages.flatMap(([, rules]) => rules.flatMap(({ tests }) => tests)));
    const unknown = [...files].flatMap((path) =>
      [...read(path).matchAll(/\b(?:S2|V1|V2|SV|BD)-\d\d?\b/g)].map(([id]) => id).filter((id) => !known.has(id)),
    );
    assert.deepEqual([...new Set(unknown)], []);
  });
});
