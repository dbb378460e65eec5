// npm run test:versions [-- 2.15.3 2.11.17 ...]: every kind of stream from other patch versions of nats-server than those that
// Relight is developed with, to themselves and to all of those; the servers are fetched. Some two minutes a version on two cores.
import { dirname, join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { fileURLToPath } from "node:url";
import { prepareServers } from "./prepare-servers.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const asked = process.argv.slice(2);
const versions = asked.length > 0 ? asked : ["2.10.27", "2.11.17", "2.12.15", "2.14.10", "2.15.0", "2.15.3"];
process.env.RELIGHT_MATRIX = "all";
process.env.RELIGHT_MATRIX_VERSIONS = versions.join(",");

const missing = await prepareServers([...versions, "2.9", "2.10", "2.12", "2.14", "2.15"], (text) =>
  console.error(text),
);
if (missing.length > 0) {
  console.error(missing.join("\n"));
  process.exit(1);
}
const tests = run({
  files: [join(root, "scripts", "matrix-of-versions.ts")],
  concurrency: 1,
  execArgv: ["--disable-warning=ExperimentalWarning"],
});
tests.on("test:fail", () => {
  process.exitCode = 1;
});
tests.compose(new spec()).pipe(process.stdout);
