// npm run demo:cluster: builds, and holds a drill: `relight drill cluster`, with whatever arguments are given.
import { spawn, spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const build = ["--disable-warning=ExperimentalWarning", join(root, "scripts", "build.ts")];
if (spawnSync(process.execPath, build, { stdio: "inherit" }).status !== 0) process.exit(1);
const args = [join(root, "bin", "relight.js"), "drill", "cluster", ...process.argv.slice(2)];
const drill = spawn(process.execPath, args, { stdio: "inherit" });
// Ctrl-C reaches the drill as well, which cleans up after itself and ends then; the other signals do not.
process.on("SIGINT", () => {});
for (const signal of ["SIGTERM", "SIGHUP"] as const) process.on(signal, () => drill.kill("SIGTERM"));
drill.on("exit", (code) => {
  process.exitCode = code ?? 1;
});
