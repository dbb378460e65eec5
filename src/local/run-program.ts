import { execFile } from "node:child_process";

/** Runs a program to its end, within a time. Rejects with the last of what it said. */
export function runProgram(
  program: string,
  args: readonly string[],
  options: { readonly timeoutMs: number; readonly env?: NodeJS.ProcessEnv; readonly cwd?: string },
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      program,
      [...args],
      { timeout: options.timeoutMs, maxBuffer: 64 * 1024 * 1024, env: options.env ?? process.env, cwd: options.cwd },
      (error, stdout, stderr) => {
        if (!error) return resolve(stdout);
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return reject(new Error(`${program} is not installed`));
        if (error.killed) return reject(new Error(`${program} took more than ${options.timeoutMs / 1000} s`));
        const said = stderr.trim().split("\n").slice(-2).join(" ");
        reject(new Error(said || error.message));
      },
    );
  });
}

/** The version that a nats-server binary says it has. */
export async function serverVersionOf(path: string): Promise<string> {
  const said = await runProgram(path, ["--version"], { timeoutMs: 10_000 });
  const version = /v(\d+\.\d+\.\d+(?:-[\w.]+)?)/.exec(said)?.[1];
  if (!version) throw new Error(`${path} does not say its version`);
  return version;
}
