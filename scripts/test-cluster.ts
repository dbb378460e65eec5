// npm run test:cluster [-- parts of names]: stories of clusters that lose servers, on real ones of 2.9, 2.10 and 2.15, one of 2.14. Some
// seventy minutes on two cores. `npm test` has the most telling of them.
import { globSync } from "node:fs";
import { root, runOnServers } from "./run-on-servers.ts";

process.env.RELIGHT_CLUSTER = "all";
const parts = process.argv.slice(2);
const stories = [
  "src/operations/{cluster-recovery/scenarios,cluster-change,cluster-verify}/*.test.ts",
  "src/cli/cluster-*.wide.test.ts",
];
const files = globSync(stories, { cwd: root }).filter(
  (file) => parts.length === 0 || parts.some((part) => file.includes(part)),
);
if (files.length === 0) {
  console.error(`no story matches ${parts.join(" ")}`);
  process.exit(2);
}
await runOnServers(["2.9", "2.10", "2.14", "2.15"], files);
