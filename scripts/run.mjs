// Runs one of the project's TypeScript scripts from a clone that may have nothing installed.
//
// It is plain JavaScript for old Nodes: the machine's own Node may be too old for the project, so this file installs
// the dependencies (one of them is the npm package `node`, which brings the right Node), compiles the kernels when
// they are missing or stale, and hands over to the project's Node.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (...parts) => join(root, ...parts);
const newer = (a, b) => statSync(a).mtimeMs > statSync(b).mtimeMs;

function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: ["inherit", 2, 2], ...options });
  if (result.error) fail(`${command} could not be started: ${result.error.message}`);
  if (result.status !== 0) process.exit(result.status ?? 1);
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

// npm writes node_modules/.package-lock.json last, so its age tells whether the install is complete and current.
const installed = at("node_modules", ".package-lock.json");
if (!existsSync(installed) || newer(at("package-lock.json"), installed)) {
  process.stderr.write("installing dependencies (npm ci) ...\n");
  run(process.platform === "win32" ? "npm.cmd" : "npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
}

const [major, minor] = process.versions.node.split(".").map(Number);
const bundled = at("node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");
const ownNodeWillDo = major > 22 || (major === 22 && minor >= 18);
if (!existsSync(bundled) && !ownNodeWillDo) {
  fail(
    `Relight's scripts need Node 22.18 or newer; this is ${process.version}, and the npm package "node" is not ` +
      "installed (its install script may have been blocked). Install a newer Node, or run: npm rebuild node",
  );
}
const node = existsSync(bundled) ? bundled : process.execPath;

const kernelOutput = at("src", "formats", "kernels", "wasm.generated.ts");
const kernelSources = readdirSync(at("kernels")).map((name) => at("kernels", name));
if (!existsSync(kernelOutput) || kernelSources.some((source) => newer(source, kernelOutput))) {
  run(node, [at("scripts", "build-kernels.mjs")]);
}

const [script, ...args] = process.argv.slice(2);
const env = { ...process.env, PATH: `${dirname(node)}${process.platform === "win32" ? ";" : ":"}${process.env.PATH}` };
const result = spawnSync(node, ["--disable-warning=ExperimentalWarning", at(script), ...args], {
  stdio: "inherit",
  cwd: process.env.INIT_CWD ?? process.cwd(),
  env,
});
process.exit(result.status ?? 1);
