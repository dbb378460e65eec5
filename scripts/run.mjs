// Runs one of the project's TypeScript scripts from a clone that may have nothing installed.
//
// It is plain JavaScript for old Nodes: the machine's own Node may be too old for the project, so this file installs
// the dependencies (one of them is the npm package `node`, which brings the right Node), compiles the kernels when
// they are missing or stale, and hands over to the project's Node.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (...parts) => join(root, ...parts);
const newer = (a, b) => statSync(a).mtimeMs > statSync(b).mtimeMs;
const windows = process.platform === "win32";

function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: ["inherit", 2, 2], ...options });
  if (result.error) fail(`${command} could not be started: ${result.error.message}`);
  if (result.status !== 0) process.exit(result.status === null ? 1 : result.status);
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

const [script, ...args] = process.argv.slice(2);
if (!script) fail("usage: node scripts/run.mjs <script> [arguments]");

// npm writes node_modules/.package-lock.json last, so its age tells whether the install is complete and current.
const installed = at("node_modules", ".package-lock.json");
if (!existsSync(installed) || newer(at("package-lock.json"), installed)) {
  process.stderr.write("installing dependencies (npm ci) ...\n");
  run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { shell: windows });
}

const [major, minor] = process.versions.node.split(".").map(Number);
const bundled = at("node_modules", "node", "bin", windows ? "node.exe" : "node");
const ownNodeWillDo = major > 22 || (major === 22 && minor >= 18);
// The package puts the program there by an install script, which a stricter npm does not run.
const bundledRuns = existsSync(bundled) && spawnSync(bundled, ["--version"]).status === 0;
if (!bundledRuns && !ownNodeWillDo) {
  fail(
    `Relight's scripts need Node 22.18 or newer; this is ${process.version}, and the npm package "node" is not ` +
      "installed (its install script may have been blocked). Install a newer Node, or run: npm rebuild node",
  );
}
const node = bundledRuns ? bundled : process.execPath;

const kernelOutput = at("src", "formats", "kernels", "wasm.generated.ts");
const kernelSources = existsSync(at("kernels")) ? readdirSync(at("kernels")).map((name) => at("kernels", name)) : [];
const compiler = at("scripts", "build-kernels.mjs");
if (!existsSync(kernelOutput) || [compiler, ...kernelSources].some((source) => newer(source, kernelOutput))) {
  run(node, [compiler]);
}

const child = spawn(node, ["--disable-warning=ExperimentalWarning", at(script), ...args], {
  stdio: "inherit",
  cwd: process.env.INIT_CWD || process.cwd(),
  env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH || ""}` },
});
// Stay until the script has cleaned up. Ctrl-C reaches it by itself; what is sent to this process alone does not.
process.on("SIGINT", () => {});
for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
// npm hands SIGTERM to a shell, which keeps it to itself and leaves this process behind.
const parent = process.ppid;
if (process.env.npm_lifecycle_event) setInterval(() => process.ppid === parent || child.kill(), 500);
child.on("error", (error) => fail(`${node} could not be started: ${error.message}`));
child.on("exit", (code, signal) => process.exit(signal ? 128 + (constants.signals[signal] || 0) : code));
