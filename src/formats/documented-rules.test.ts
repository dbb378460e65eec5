import { join } from "node:path";
import { describe } from "node:test";
import { type DocumentedRule, itHoldsRules, readProjectFile } from "../testing/documented-rules.ts";

interface Places {
  /** The folder of the tests below "Writing". */
  readonly writing?: string;
  /** The test of rules that name none. */
  readonly usual?: string;
}

/** The rules of a page: rows of its tables that begin with a number such as V1-04. Where one names no test, the row above does. */
function rulesIn(page: string, folder: string, { writing = folder, usual }: Places = {}): DocumentedRule[] {
  let [at, above]: [string, readonly string[]] = [folder, []];
  const rules: DocumentedRule[] = [];
  for (const line of readProjectFile(page).split("\n")) {
    if (line.startsWith("## Writing")) at = writing;
    const [, id, row] = /^\| ((?:S2|V1|V2|SV|BD)-\d+) \|(.*)\|$/.exec(line) ?? [];
    if (id === undefined || row === undefined) continue;
    const named = [...row.matchAll(/`([^`]+\.test\.ts)`/g)].map(([, path]) => path as string);
    if (named.length > 0) above = named.map((path) => (path.startsWith("src/") ? path : join(at, path)));
    rules.push({ id, tests: usual !== undefined && named.length === 0 ? [usual] : above });
  }
  return rules;
}

const pages: readonly (readonly [page: string, rules: readonly DocumentedRule[]])[] = [
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
  itHoldsRules({ pages, moreThan: 10, ids: /\b(?:S2|V1|V2|SV|BD)-\d\d?\b/g });
});
