// npm run test:fuzz: the fuzzed decoders with a million inputs each, some half an hour on two cores. Options: --runs N.
import { globSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { runs: { type: "string", default: "1000000" } } });
const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.env.RELIGHT_FUZZ = values.runs;
const tests = run({
  files: globSync("src/**/*-fuzz.test.ts", { cwd: root }).map((file) => join(root, file)),
  concurrency: 2,
  execArgv: ["--disable-warning=ExperimentalWarning"],
});
tests.on("test:fail", () => {
  process.exitCode = 1;
});
tests.compose(new spec()).pipe(process.stdout);
