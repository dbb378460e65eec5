import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const src = fileURLToPath(new URL(".", import.meta.url));

const foundations = ["errors", "group-digits"];

/** What each part of src/ may import, besides itself and errors.ts and group-digits.ts, which are below everything. */
const below: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  "group-digits": [],
  formats: [],
  local: [],
  jetstream: ["formats"],
  repository: ["formats", "jetstream"],
  cluster: ["formats", "jetstream", "repository"],
  operations: ["formats", "jetstream", "repository", "cluster", "local"],
  agent: ["formats", "jetstream", "repository", "cluster", "operations"],
  web: ["formats", "jetstream", "repository", "cluster", "operations", "agent"],
  cli: ["formats", "jetstream", "repository", "cluster", "operations", "agent", "web", "local"],
  testing: ["formats", "jetstream", "repository", "cluster", "operations", "agent", "web", "local"],
};

interface Import {
  readonly from: string;
  /** A path below src/ for a file of the project, else the module's name. */
  readonly to: string;
  readonly own: boolean;
}

const files = globSync("**/*.ts", { cwd: src }).map((file) => file.replaceAll("\\", "/"));
const isTest = (file: string): boolean => file.endsWith(".test.ts") || file.startsWith("testing/");

function importsOf(file: string, text = readFileSync(join(src, file), "utf8")): readonly Import[] {
  // Static imports and exports, dynamic imports, and workers: new URL("./worker.ts", import.meta.url).
  const patterns = [
    /^\s*(?:import|export)\b[^;"']*?\bfrom\s*["']([^"']+)["']/gm,
    /^\s*import\s*["']([^"']+)["']/gm,
    /\bimport\(\s*["']([^"']+)["']/g,
    /\bnew URL\(\s*["'](\.[^"']+\.ts)["']/g,
  ];
  return patterns.flatMap((pattern) =>
    [...text.matchAll(pattern)].map(([, name = ""]) => {
      const own = name.startsWith(".");
      return { from: file, own, to: own ? relative(src, join(src, dirname(file), name)).replaceAll("\\", "/") : name };
    }),
  );
}

/** The part of src/ that a file belongs to: its first directory, or its name. */
function partOf(file: string): string {
  const [first = ""] = file.split("/");
  return first.replace(/(?:\.test)?\.ts$/, "");
}

const list = (faults: readonly Import[]): string => faults.map(({ from, to }) => `\n  ${from} imports ${to}`).join("");

describe("the house", () => {
  const imports = files.filter((file) => file !== "architecture.test.ts").flatMap((file) => importsOf(file));
  const product = imports.filter(({ from }) => !isTest(from));

  it("sees imports of every kind", () => {
    const text = `import a from "./a.ts";
import {
  b,
  c,
} from "../b/c.ts";
import "node:fs";
export { d } from "./d.ts";
export type * from "./e.ts";
const { f } = await import("../errors.ts");
new Worker(new URL("./g-worker.ts", import.meta.url));`;
    const seen = importsOf("formats/s2/x.ts", text).map(({ to }) => to);
    assert.deepEqual(
      new Set(seen),
      new Set([
        "formats/s2/a.ts",
        "formats/b/c.ts",
        "node:fs",
        "formats/s2/d.ts",
        "formats/s2/e.ts",
        "formats/errors.ts",
        "formats/s2/g-worker.ts",
      ]),
    );
    assert.ok(product.length > 100, `only ${product.length} imports were seen`);
  });

  it("knows every part of src/", () => {
    const unknown = files.map(partOf).filter((part) => !(part in below) && part !== "architecture");
    assert.deepEqual([...new Set(unknown)], []);
  });

  it("has dependencies downwards only", () => {
    const faults = imports.filter(({ from, to, own }) => {
      if (!own || isTest(from)) return false;
      const part = partOf(from);
      return partOf(to) !== part && !foundations.includes(partOf(to)) && !below[part]?.includes(partOf(to));
    });
    assert.equal(faults.length, 0, `not downwards:${list(faults)}`);
  });

  it("does not use its testing parts in the product", () => {
    const faults = product.filter(({ to, own }) => own && isTest(to));
    assert.equal(faults.length, 0, `tests are used:${list(faults)}`);
  });

  it("has formats that run in a browser: nothing of Node in them", () => {
    const faults = product.filter(({ from, to, own }) => partOf(from) === "formats" && !own && to.startsWith("node:"));
    assert.equal(faults.length, 0, `Node is used:${list(faults)}`);
    const globals = files.filter(
      (file) =>
        partOf(file) === "formats" &&
        !isTest(file) &&
        /(?<![\w.])(?:Buffer\.|process\.|__dirname|require\()/.test(
          withoutComments(readFileSync(join(src, file), "utf8")),
        ),
    );
    assert.deepEqual(globals, [], "globals of Node are used");
  });

  it("has no drawer for everything: no utils, helpers, common or misc", () => {
    const drawers = files.filter((file) => /(?:^|[/-])(?:utils?|helpers?|common|misc)(?:\.|\/|-)/.test(file));
    assert.deepEqual(drawers, []);
  });

  it("names files in kebab-case", () => {
    const others = files.filter((file) => !/^(?:[a-z0-9-]+\/)*[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z]+)*\.ts$/.test(file));
    assert.deepEqual(others, []);
  });
});

function withoutComments(text: string): string {
  return text.replace(/\/\*.*?\*\//gs, "").replace(/\/\/.*$/gm, "");
}
