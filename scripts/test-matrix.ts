// npm run test:matrix: every kind of stream from every version to every version, and on clusters. Some ten minutes on two cores.
import { globSync } from "node:fs";
import { root, runOnServers } from "./run-on-servers.ts";

process.env.RELIGHT_MATRIX = "all";
const files = globSync("src/operations/matrix/*.test.ts", { cwd: root });
await runOnServers(["2.9", "2.10", "2.12", "2.14", "2.15"], files);
