import { join } from "node:path";
import { describe } from "node:test";
import { type DocumentedRule, itHoldsRules, readProjectFile } from "../testing/documented-rules.ts";

/** The rules of a page: rows of its tables that begin with a number such as CP-04. A folder that a row names is that of the files after it. */
function rulesIn(page: string): readonly DocumentedRule[] {
  let section = "src/cluster/plan";
  return readProjectFile(page)
    .split("\n")
    .flatMap((line): readonly DocumentedRule[] => {
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
  itHoldsRules({ pages, moreThan: 15, ids: /\b(?:CP|CA|LG|RG|UN|WA)-\d+\b/g });
});
