// npm run test:versions [-- 2.15.3 2.11.17 ...]: every kind of stream from other patch versions of nats-server than those that
// Relight is developed with, to themselves and to all of those; the servers are fetched. Some two minutes a version on two cores.
import { runOnServers } from "./run-on-servers.ts";

const asked = process.argv.slice(2);
const versions = asked.length > 0 ? asked : ["2.10.27", "2.11.17", "2.12.15", "2.14.10", "2.15.0", "2.15.3"];
process.env.RELIGHT_MATRIX = "all";
process.env.RELIGHT_MATRIX_VERSIONS = versions.join(",");
await runOnServers([...versions, "2.9", "2.10", "2.12", "2.14", "2.15"], ["scripts/matrix-of-versions.ts"]);
