// npm run test:matrix: every kind of stream from every version to every version, and on clusters. Some ten minutes on two cores.
import { globSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { fileURLToPath } from "node:url";
import { prepareServers } from "./prepare-servers.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.env.RELIGHT_MATRIX = "all";
process.env.NODE_COMPILE_CACHE ??= join(root, "node_modules", ".cache", "node-compile");

const missing = await prepareServers(["2.9", "2.10", "2.12", "2.14", "2.15"], (text) => console.error(text));
if (missing.length > 0) {
  console.error(missing.join("\n"));
  process.exit(1);
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
