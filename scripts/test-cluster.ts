// npm run test:cluster [-- parts of names]: stories of clusters that lose servers, on real ones of 2.9, 2.10 and 2.15. Some
// forty-five minutes on two cores. `npm test` has the most telling of them.
import { globSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { fileURLToPath } from "node:url";
import { prepareServers } from "./prepare-servers.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.env.RELIGHT_CLUSTER = "all";
process.env.NODE_COMPILE_CACHE ??= join(root, "node_modules", ".cache", "node-compile");

const missing = await prepareServers(["2.9", "2.10", "2.15"], (text) => console.error(text));
if (missing.length > 0) {
  console.error(missing.join("\n"));
  process.exit(1);
}
const parts = process.argv.slice(2);
const files = globSync("src/operations/{cluster-recovery/scenarios,cluster-change,cluster-verify}/*.test.ts", {
  cwd: root,
})
  .filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)))
  .map((file) => join(root, file));
if (files.length === 0) {
  console.error(`no story matches ${parts.join(" ")}`);
  process.exit(2);
}
const tests = run({ files, concurrency: 1, execArgv: ["--disable-warning=ExperimentalWarning"] });
tests.on("test:fail", () => {
  process.exitCode = 1;
});
tests.compose(new spec()).pipe(process.stdout);
