import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** What a run of the command line came to. */
export interface RelightRun {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line as a process of its own, from the sources, without the environment's and the user's contexts. */
export interface RelightProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<RelightRun>;
}

const entry = fileURLToPath(new URL("relight-from-source.ts", import.meta.url));

/** Starts `relight` with arguments; `home` is a directory of the test's, so that no context is found. */
export function startRelight(home: string, args: readonly string[]): RelightProcess {
  const kept = Object.entries(process.env).filter(([name]) => !/^(NATS_|NODE_TEST|XDG_)/.test(name));
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", entry, ...args], {
    env: { ...Object.fromEntries(kept), HOME: home, XDG_CONFIG_HOME: home },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
    });
  }
  const ended = new Promise<RelightRun>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal, ...output }));
  });
  return { child, ended };
}

/** Runs `relight` to its end. */
export function runRelight(home: string, args: readonly string[]): Promise<RelightRun> {
  return startRelight(home, args).ended;
}

/** The last line of JSON output. */
export function summaryOf(run: RelightRun): Record<string, unknown> {
  return JSON.parse(run.stdout.trim().split("\n").at(-1) ?? "") as Record<string, unknown>;
}
