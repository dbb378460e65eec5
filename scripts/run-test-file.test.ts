import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, it } from "node:test";
import { inTemporaryDirectory } from "../src/testing/temporary-directory.ts";
import type { TestFileResult } from "./run-test-file.ts";

/** Runs a test file of this content, in a process that does not know that it is part of a test. */
function resultOf(content: string, limitMs = 30_000): Promise<TestFileResult> {
  return inTemporaryDirectory(async (directory) => {
    const file = join(directory, "planted.test.mjs");
    await writeFile(file, `import { describe, it, before, after } from "node:test";\n${content}`);
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const module = new URL("./run-test-file.ts", import.meta.url).href;
    const program = join(directory, "runner.mjs");
    await writeFile(
      program,
      `import { runTestFile } from ${JSON.stringify(module)};
       const result = await runTestFile(${JSON.stringify(file)}, ${limitMs}, new AbortController().signal);
       console.log(JSON.stringify(result));`,
    );
    const args = ["--disable-warning=ExperimentalWarning", program];
    const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "inherit"] });
    return JSON.parse(await text(child.stdout)) as TestFileResult;
  });
}

const pass = 'it("passes", () => {});';
const reasons = ({ failed }: TestFileResult): string => failed.map(({ reason }) => reason).join("\n");
const names = ({ failed }: TestFileResult): readonly string[] => failed.map(({ name }) => name);

describe("runTestFile", { concurrency: 2 }, () => {
  it("counts what passes, fails and is skipped, by the full name", async () => {
    const result = await resultOf(`
      describe("a suite", () => {
        ${pass}
        it("fails", () => { throw new Error("on purpose"); });
        it("is for later", { skip: "no time" }, () => {});
        describe("within", () => { it("passes too", () => {}); });
      });
      describe("all of it", { skip: "why" }, () => { it("never runs", () => {}); });`);
    assert.deepEqual(result.passed, ["a suite > passes", "a suite > within > passes too"]);
    assert.deepEqual(result.skipped, ["a suite > is for later (no time)", "all of it (why)"]);
    assert.deepEqual(names(result), ["a suite > fails"]);
    assert.match(reasons(result), /on purpose/);
  });

  it("fails a suite that breaks outside of its tests", async () => {
    const result = await resultOf(`
      describe("its body", () => { throw new Error("one"); });
      describe("before", () => { before(() => { throw new Error("two"); }); ${pass} });
      describe("after", () => { after(() => { throw new Error("three"); }); ${pass} });`);
    assert.deepEqual(names(result), ["its body", "before > passes", "before", "after"]);
    for (const reason of ["one", "two", "three"]) assert.match(reasons(result), new RegExp(`Error: ${reason}`));
  });

  it("fails a file that crashes, ends early, or is no program, and keeps what it said", async () => {
    const late = await resultOf(`${pass} setTimeout(() => { throw new Error("after the tests"); }, 50);`);
    assert.match(reasons(late), /ended with code 1/);
    assert.match(late.output, /after the tests/);
    assert.match(reasons(await resultOf('it("ends it all", () => process.exit(7));')), /ended with code 7/);
    const broken = await resultOf("it(");
    assert.match(reasons(broken), /ended with code 1/);
    assert.match(broken.output, /SyntaxError/);
  });

  it("fails a file that tests nothing", async () => {
    assert.deepEqual(reasons(await resultOf("console.log('hello');")), "the file tests nothing");
  });

  it("ends a file that hangs, and names the test that does", async () => {
    const result = await resultOf(`${pass} it("hangs", () => new Promise(() => setInterval(() => {}, 1_000)));`, 4_000);
    assert.deepEqual(result.passed, ["passes"]);
    assert.match(names(result)[0] ?? "", /^hangs$/);
    assert.match(reasons(result), /timed out after 3600ms\nit did not end within 4 s/);
  });
});
