// What the benchmarks share: a command's wall time and peak memory, and a line that holds two programs side by side.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";

export interface Measured {
  readonly seconds: number;
  /** Peak resident memory, bytes. */
  readonly peak: number;
  readonly code: number;
  readonly said: string;
}

/** A command that takes longer is killed. */
export const limitSeconds = 600;

export function onPath(name: string): string | undefined {
  return (process.env.PATH ?? "")
    .split(delimiter)
    .map((directory) => join(directory, name))
    .find((path) => existsSync(path));
}

/** Runs a command to its end; its peak memory is what the kernel kept as high-water mark. */
export async function measure(command: readonly string[]): Promise<Measured> {
  const started = performance.now();
  const [program, ...args] = command;
  const child: ChildProcess = spawn(program as string, args, { stdio: ["ignore", "pipe", "pipe"] });
  let peak = 0;
  let said = "";
  child.stdout?.on("data", (data) => {
    said = (said + data).slice(-2000);
  });
  child.stderr?.on("data", (data) => {
    said = (said + data).slice(-2000);
  });
  const timer = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024);
    } catch {
      // Gone, or not on Linux.
    }
  }, 20);
  const bound = setTimeout(() => child.kill("SIGKILL"), limitSeconds * 1000);
  const code = await new Promise<number>((resolve) => child.once("exit", (status) => resolve(status ?? -1)));
  clearInterval(timer);
  clearTimeout(bound);
  return { seconds: (performance.now() - started) / 1000, peak, code, said };
}

export const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

export function report(title: string, ours: readonly Measured[], theirs: readonly Measured[]): void {
  const of = (runs: readonly Measured[]): string =>
    `${median(runs.map((run) => run.seconds))
      .toFixed(2)
      .padStart(7)} s ${(Math.max(...runs.map((run) => run.peak)) / 2 ** 20).toFixed(0).padStart(4)} MiB`;
  const ratio = median(theirs.map((run) => run.seconds)) / median(ours.map((run) => run.seconds));
  const peer = theirs.length > 0 ? `   nats ${of(theirs)}   relight is ${ratio.toFixed(2)} times as fast` : "";
  console.log(`${title.padEnd(34)} relight ${of(ours)}${peer}`);
}
