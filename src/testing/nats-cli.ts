import { mkdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { goInstall } from "../local/fetch-from-go.ts";
import { runProgram } from "../local/run-program.ts";
import { serverCache } from "../local/server-cache.ts";

/** The version whose directories Relight reads and writes. */
export const natsCliVersion = "0.5.1";

/** The `nats` CLI, as a program that is run with arguments for one server. */
export class NatsCli {
  readonly path: string;
  readonly version: string;
  readonly #home: string;

  private constructor(path: string, version: string, home: string) {
    this.path = path;
    this.version = version;
    this.#home = home;
  }

  /**
   * Finds it: $NATS_CLI, PATH, the project's cache; else builds the pinned version with `go install` into the cache. `home`
   * is a directory of the test's, so that no context is found. Throws an error with all that was tried.
   */
  static async find(home: string, onStep: (text: string) => void = () => {}): Promise<NatsCli> {
    const cached = join(dirname(await serverCache(process.env)), "nats-cli", natsCliVersion, "nats");
    const tried: string[] = [];
    for (const path of [process.env.NATS_CLI, "nats", cached]) {
      if (!path) continue;
      try {
        return new NatsCli(path, await versionOf(path), home);
      } catch (error) {
        tried.push(`${path}: ${(error as Error).message}`);
      }
    }
    onStep(`building the nats CLI ${natsCliVersion} with go install ...`);
    try {
      await mkdir(dirname(cached), { recursive: true });
      const partial = `${cached}.${process.pid}.partial`;
      await goInstall(`github.com/nats-io/natscli/nats@v${natsCliVersion}`, "nats", partial, process.env);
      await rename(partial, cached);
      return new NatsCli(cached, await versionOf(cached), home);
    } catch (error) {
      tried.push(`go install: ${(error as Error).message}`);
      throw new Error(`there is no nats CLI. Tried:\n${tried.join("\n")}`, { cause: error });
    }
  }

  /** Runs one command to its end and resolves with what it printed; rejects where its exit code is not 0. */
  run(url: string, ...args: readonly string[]): Promise<string> {
    const kept = Object.entries(process.env).filter(([name]) => !/^(NATS_|XDG_)/.test(name));
    const env = { ...Object.fromEntries(kept), HOME: this.#home, XDG_CONFIG_HOME: this.#home };
    return runProgram(this.path, ["--server", url, "--timeout", "20s", ...args], { timeoutMs: 120_000, env });
  }
}

async function versionOf(path: string): Promise<string> {
  const said = await runProgram(path, ["--version"], { timeoutMs: 20_000 });
  const version = /(\d+\.\d+\.\d+)/.exec(said)?.[1];
  if (version === undefined) throw new Error(`says no version but "${said.trim()}"`);
  return version;
}
