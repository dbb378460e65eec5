// npm run test:matrix: every kind of stream from every version to every version, and on clusters. Some ten minutes.
import { globSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { fileURLToPath } from "node:url";
import { findServer } from "../src/local/find-server.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.env.RELIGHT_MATRIX = "all";

for (const version of ["2.15", "2.14", "2.12", "2.10", "2.9"]) {
  const server = await findServer({ version, onStep: (text) => console.error(text) });
  console.error(`nats-server ${server.version} (${server.from})`);
}
const tests = run({
  files: globSync("src/operations/matrix/*.test.ts", { cwd: root }).map((file) => join(root, file)),
  concurrency: 1,
  execArgv: ["--disable-warning=ExperimentalWarning"],
});
tests.on("test:fail", () => {
  process.exitCode = 1;
});
tests.compose(new spec()).pipe(process.stdout);
