import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runProgram } from "./run-program.ts";
import { binaryName, inScratch, type ServerSource } from "./server-source.ts";

/** Built from source by the Go toolchain, which checks the source against the public checksum database. */
export const goSource: ServerSource = {
  name: "go",
  title: "go install",
  fetch: (version, target, env) => goInstall(`github.com/nats-io/nats-server/v2@v${version}`, binaryName, target, env),
};

/** Builds `module@version` with `go install` and copies its program `name` to `target`. Rejects with what go said. */
export function goInstall(wish: string, name: string, target: string, env: NodeJS.ProcessEnv): Promise<void> {
  return inScratch(async (directory) => {
    const go = await findGo(env);
    const settings: NodeJS.ProcessEnv = {
      ...env,
      GOBIN: directory,
      // Where there is no home, Go has nowhere to build: it does so in the scratch, which must be removable then.
      ...(env.HOME ? {} : { HOME: directory, GOFLAGS: `${env.GOFLAGS ?? ""} -modcacherw`.trim() }),
    };
    await runProgram(go, ["install", wish], { timeoutMs: 300_000, env: settings, cwd: directory });
    await writeFile(target, await readFile(join(directory, name)), { mode: 0o755 });
  });
}

/** Go's own installer puts it where PATH often does not look. */
async function findGo(env: NodeJS.ProcessEnv): Promise<string> {
  try {
    await runProgram("go", ["version"], { timeoutMs: 10_000, env });
    return "go";
  } catch (error) {
    const usual = "/usr/local/go/bin/go";
    return await runProgram(usual, ["version"], { timeoutMs: 10_000, env }).then(
      () => usual,
      () => Promise.reject(error),
    );
  }
}
