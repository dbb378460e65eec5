// npm test: formatter, linter, types, build, and every test. Arguments choose test files by a part of their path.
// It ends with a plain line: "N passed, N failed", and ", N skipped" where some were.
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { fileURLToPath } from "node:url";
import { findServer } from "../src/local/find-server.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const filters = process.argv.slice(2);
let passed = 0;
let failed = 0;
let skipped = 0;

function finish(): never {
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
  process.exit(failed === 0 && passed > 0 ? 0 : 1);
}

/** A step of the set-up counts as one test, so that its failure cannot be overlooked. */
function step(title: string, script: string): void {
  const { status } = spawnSync(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", join(root, "scripts", script)],
    {
      cwd: root,
      stdio: "inherit",
    },
  );
  if (status === 0) passed++;
  else {
    failed++;
    console.error(`${title} failed`);
    finish();
  }
}

step("format, lint and types", "check.ts");
step("build", "build.ts");

// Servers are fetched before the tests begin, so that a download is not counted against a test's time.
for (const version of ["2.15", "2.14", "2.12", "2.10", "2.9"]) {
  const server = await findServer({ version, onStep: (text) => console.error(text) });
  console.error(`nats-server ${server.version} (${server.from})`);
}

const files = globSync("src/**/*.test.ts", { cwd: root })
  .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
  .sort()
  .map((file) => join(root, file));
if (files.length === 0) {
  console.error(`no test file matches ${filters.join(" ")}`);
  process.exit(1);
}
const tests = run({
  files,
  concurrency: 2,
  timeout: 240_000,
  execArgv: ["--disable-warning=ExperimentalWarning"],
});
tests.on("test:pass", ({ skip, details }) => {
  if (details.type === "suite") return;
  if (skip !== undefined && skip !== false) skipped++;
  else passed++;
});
tests.on("test:fail", ({ details }) => {
  if (details.type !== "suite") failed++;
});
tests.compose(new spec()).pipe(process.stdout);
tests.on("end", () => setTimeout(finish, 100));
