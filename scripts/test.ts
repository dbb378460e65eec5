// npm test [-- parts of paths]: formatter, linter, types, build, and the tests whose path has one of the parts, or all.
// --long (npm run test:long) adds the long loops of some tests, as RELIGHT_LONG=1 does.
// It ends with a plain line: "N passed, N failed", and ", N skipped" where some were.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { prepareServers } from "./prepare-servers.ts";
import { runTestFile, type TestFileResult } from "./run-test-file.ts";

const versions = ["2.9", "2.10", "2.12", "2.14", "2.15"];
const fileLimitMs = process.argv.includes("--long") ? 3_600_000 : 240_000;
// Tests run servers beside themselves, and some measure time; those of clusters wait most of theirs.
const atOnce = Math.min(4, Math.max(3, Math.floor(availableParallelism() / 2)));

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
// Every test file is a process, and every backup a worker: none of them has to strip the types of the same sources again.
process.env.NODE_COMPILE_CACHE ??= join(root, "node_modules", ".cache", "node-compile");
const filters = process.argv.slice(2).filter((argument) => argument !== "--long");
if (process.argv.includes("--long")) process.env.RELIGHT_LONG = "1";
const count = { passed: 0, failed: 0, skipped: 0 };
const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => interrupted.abort());

function finish(): never {
  const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : "";
  console.log(`${count.passed} passed, ${count.failed} failed${skipped}`);
  process.exit(interrupted.signal.aborted ? 130 : count.failed === 0 && count.passed > 0 ? 0 : 1);
}

/** A step of the set-up counts as one test, so that its failure cannot be overlooked. */
async function step(title: string, script: string): Promise<boolean> {
  const args = ["--disable-warning=ExperimentalWarning", join("scripts", script)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "inherit", "inherit"] });
  const stop = (): boolean => child.kill();
  interrupted.signal.addEventListener("abort", stop);
  const [code] = await once(child, "exit");
  interrupted.signal.removeEventListener("abort", stop);
  if (code === 0) count.passed++;
  else {
    count.failed++;
    console.log(`FAILED ${title}`);
  }
  return code === 0;
}

function report({ file, seconds, passed, skipped, failed, output }: TestFileResult): void {
  count.passed += passed.length;
  count.failed += failed.length;
  count.skipped += skipped.length;
  const facts = [`${passed.length} passed`, ...(failed.length > 0 ? [`${failed.length} failed`] : [])];
  const path = relative(root, file).replaceAll("\\", "/");
  console.log(`${failed.length > 0 ? "FAILED" : "ok    "} ${path}: ${facts.join(", ")} (${seconds.toFixed(1)} s)`);
  if (filters.length > 0) for (const name of passed) console.log(`         ${name}`);
  for (const name of skipped) console.log(`         skipped: ${name}`);
  for (const { name, reason } of failed) console.log(indent(`failed: ${name}\n${indent(reason)}`));
  if (failed.length > 0 && output.trim() !== "") console.log(indent(`It printed:\n${indent(output.trimEnd())}`));
}

const indent = (text: string): string => text.replace(/^/gm, "         ");

// Stories of clusters that take long are for `npm run test:cluster`.
const files = globSync("{src,scripts}/**/*.test.ts")
  .filter((file) => !file.endsWith(".wide.test.ts"))
  .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
  .sort();
if (files.length === 0) {
  console.error(`no test file matches ${filters.join(" ")}`);
  process.exit(2);
}

const preparing = prepareServers(versions, (text) => console.log(text));
await step("format, lint and types", "check.ts");
// Tests run what was built: nothing, or something old, would only mislead.
if (!(await step("build", "build.ts"))) finish();
for (const failure of await preparing) {
  count.failed++;
  console.log(`FAILED ${failure}`);
}

const waiting = [...files];
await Promise.all(
  Array.from({ length: atOnce }, async () => {
    for (let file = waiting.shift(); file && !interrupted.signal.aborted; file = waiting.shift()) {
      report(await runTestFile(join(root, file), fileLimitMs, interrupted.signal));
    }
  }),
);
finish();
