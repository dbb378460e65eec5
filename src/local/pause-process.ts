import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Stops a process where it is. The signal returns before the threads have taken note, so a busy one can answer once more:
 * resolves when all of them stand still (where the system does not say so, after a while that is long enough).
 */
export async function pauseProcess(pid: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  const until = Date.now() + 2_000;
  while (Date.now() < until) {
    const states = await threadStates(pid);
    if (states === undefined) return await sleep(100);
    if (states.every((state) => state === "T")) return;
    await sleep(1);
  }
}

/** The states of all threads by Linux' letters; undefined on other systems. Source: proc_pid_stat(5). */
async function threadStates(pid: number): Promise<readonly string[] | undefined> {
  const directory = `/proc/${pid}/task`;
  const threads = await readdir(directory).catch(() => undefined);
  if (threads === undefined) return undefined;
  return await Promise.all(
    // The name of a program, in parentheses before the state, may hold anything.
    threads.map(async (thread) => (await stat(`${directory}/${thread}`)).replace(/^.*\) /s, "").charAt(0)),
  );
}

/** A thread that ends meanwhile stands still for good. */
async function stat(directory: string): Promise<string> {
  return await readFile(`${directory}/stat`, "utf8").catch(() => "0 (gone) T");
}
