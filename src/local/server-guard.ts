import { type ChildProcess, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import type { Socket } from "node:net";

interface Guarded {
  readonly child: ChildProcess;
  readonly directory: string;
}

const guarded = new Set<Guarded>();

/**
 * Sees to it that a server dies with this process, however this process dies, and that its temporary directory goes too.
 *
 * At an orderly exit this process does so itself. Against a signal, also one that cannot be caught, a small shell waits at
 * the other end of a pipe: when this process is gone, the pipe ends. Call the result when the server has ended.
 */
export function guardServer(child: ChildProcess, directory: string): () => void {
  if (guarded.size === 0) process.on("exit", killAll);
  const entry: Guarded = { child, directory };
  guarded.add(entry);
  const shell = process.platform === "win32" ? undefined : startShell(child.pid ?? 0, directory);
  return () => {
    // Before the pipe ends, or the shell would kill whatever has the number by then.
    shell?.kill("SIGKILL");
    guarded.delete(entry);
    if (guarded.size === 0) process.off("exit", killAll);
  };
}

function startShell(pid: number, directory: string): ChildProcess {
  const script = 'read -r _; kill -9 "$1"; rm -rf -- "$2"';
  // Detached, so that Ctrl-C on the terminal does not end the guard before its work.
  const shell = spawn("/bin/sh", ["-c", script, "relight-guard", String(pid), directory], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  shell.on("error", () => {});
  shell.unref();
  (shell.stdin as Socket | null)?.on("error", () => {}).unref();
  return shell;
}

function killAll(): void {
  for (const { child, directory } of guarded) {
    child.kill("SIGKILL");
    rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}
