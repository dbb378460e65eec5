// npm run build: the kernels (by scripts/run.mjs, which runs this when they are stale) and the TypeScript, into dist/.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, "dist");
// Built beside dist/ and then put in its place, so that whoever runs the old one meanwhile has it whole.
const fresh = join(root, `dist.new-${process.pid}`);
const old = join(root, `dist.old-${process.pid}`);
try {
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const { status } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json", "--outDir", fresh], {
    cwd: root,
    stdio: "inherit",
  });
  if (status === 0) {
    if (existsSync(dist)) renameSync(dist, old);
    renameSync(fresh, dist);
    chmodSync(join(root, "bin", "relight.js"), 0o755);
  } else {
    process.exitCode = status ?? 1;
  }
} finally {
  for (const directory of [fresh, old]) rmSync(directory, { recursive: true, force: true });
}
