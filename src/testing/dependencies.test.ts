import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

describe("docs/dependencies.md", () => {
  it("has a line for every dependency and no others, in the section of its kind", () => {
    const { dependencies, devDependencies } = JSON.parse(read("package.json")) as {
      readonly dependencies: Readonly<Record<string, string>>;
      readonly devDependencies: Readonly<Record<string, string>>;
    };
    const [run = "", develop = ""] = read("docs/dependencies.md").split("## Needed to develop");
    const named = (section: string): string[] =>
      section
        .split("\n")
        .filter((line) => line.startsWith("| `"))
        .flatMap((line) => [...(line.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name))
        .sort();
    assert.deepEqual(named(run), Object.keys(dependencies).sort());
    assert.deepEqual(named(develop), Object.keys(devDependencies).sort());
  });
});
