// npm run check: formatter, linter and type check. --write mends what can be mended.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = (name: string): string => join(root, "node_modules", ".bin", name);
const write = process.argv.includes("--write");

function step(title: string, command: string, args: readonly string[]): boolean {
  console.error(title);
  return spawnSync(command, args, { cwd: root, stdio: "inherit" }).status === 0;
}

const formatted = step("format and lint ...", bin("biome"), [
  "check",
  "--error-on-warnings",
  ...(write ? ["--write"] : []),
]);
const typed = step("types ...", bin("tsc"), ["--noEmit", "-p", "tsconfig.json"]);
process.exit(formatted && typed ? 0 : 1);
