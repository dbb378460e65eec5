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

/** The rules of a page: rows of its tables that begin with a number such as CP-04. A folder that a row names is that of the files after it. */
function rulesIn(page: string): readonly Rule[] {
  let section = "src/cluster/plan";
  return read(page)
    .split("\n")
    .flatMap((line): readonly Rule[] => {
      // A heading may name another file, whose folder it is then.
      if (line.startsWith("**"))
        section = /^\*\*[^*]+\*\* \(`(src\/.+)\/[^/]+`\)$/.exec(line)?.[1] ?? "src/cluster/plan";
      const [, id, row] = /^\| ((?:CP|CA|LG|RG|UN|WA)-\d+) \|(.*)\|$/.exec(line) ?? [];
      if (id === undefined || row === undefined) return [];
      let folder = section;
      const tests: string[] = [];
      for (const [, named = ""] of (row.split("|").at(-1) ?? "").matchAll(/`([^`]+)`/g)) {
        if (named.endsWith("/")) folder = named;
        else tests.push(named.startsWith("src/") ? named : join(folder, named));
      }
      return [{ id, tests }];
    });
}

const pages = ["docs/cluster-plan.md", "docs/cluster-watch.md"].map((page) => [page, rulesIn(page)] as const);

describe("the rules of a cluster's recovery", () => {
  for (const [page, rules] of pages) {
    it(`${page}: each has a number of its own, and is in the title of a test in every file that it names`, () => {
      assert.ok(rules.length > 15, `${rules.length} rules`);
      const ids = rules.map(({ id }) => id);
      assert.deepEqual(
        ids.filter((id, index) => ids.indexOf(id) !== index),
        [],
      );
      const untested = rules.flatMap(({ id, tests }) => {
        if (tests.length === 0) return [`${id} names no test`];
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
      [...read(path).matchAll(/\b(?:CP|CA|LG|RG|UN|WA)-\d+\b/g)].map(([id]) => id).filter((id) => !known.has(id)),
    );
    assert.deepEqual([...new Set(unknown)], []);
  });
});
