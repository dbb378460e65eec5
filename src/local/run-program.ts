import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

export interface RunOptions {
  readonly timeoutMs: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

/** Runs a program to its end, within a time, and resolves with what it printed. Rejects with the last of what it said. */
export function runProgram(program: string, args: readonly string[], options: RunOptions): Promise<string> {
  const { timeoutMs, env = process.env, cwd } = options;
  return new Promise((resolve, reject) => {
    execFile(
      program,
      [...args],
      { timeout: timeoutMs, killSignal: "SIGKILL", maxBuffer: 64 * 2 ** 20, env, cwd },
      (error, stdout, stderr) => {
        if (!error) return resolve(stdout);
        if (error.code === "ENOENT") return reject(new Error(`${program} is not installed`, { cause: error }));
        if (error.killed) return reject(new Error(`${program} took more than ${timeoutMs / 1000} s`, { cause: error }));
        const said = stderr.trim().split("\n").slice(-2).join(" ");
        reject(new Error(said || error.message, { cause: error }));
      },
    );
  });
}

/** The version that a nats-server binary says it has: "2.15.1". Rejects when it does not run or says none. */
export async function serverVersionOf(path: string): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      const said = await runProgram(path, ["--version"], { timeoutMs: 20_000 });
      const version = /\bv(\d+\.\d+\.\d+(?:-[\w.]+)?)/.exec(said)?.[1];
      if (version) return version;
      throw new Error(`${path} does not say its version`);
    } catch (error) {
      // A binary that was just written is busy while a process that was forked in that moment holds it open.
      const busy = ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === "ETXTBSY";
      if (!busy || attempt === 20) throw error;
      await sleep(25);
    }
  }
}
