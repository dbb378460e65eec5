import { dirname, join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { fileURLToPath } from "node:url";
import { prepareServers } from "./prepare-servers.ts";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * Runs test files one after the other and tells of each test, once a server of every version is there; ends the process with 1
 * where one is not, or a test fails. Paths are relative to the project's.
 */
export async function runOnServers(versions: readonly string[], files: readonly string[]): Promise<void> {
  process.env.NODE_COMPILE_CACHE ??= join(root, "node_modules", ".cache", "node-compile");
  const missing = await prepareServers(versions, (text) => console.error(text));
  if (missing.length > 0) {
    console.error(missing.join("\n"));
    process.exit(1);
  }
  const tests = run({
    files: files.map((file) => join(root, file)),
    concurrency: 1,
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
  tests.on("test:fail", () => {
    process.exitCode = 1;
  });
  tests.compose(new spec()).pipe(process.stdout);
}
