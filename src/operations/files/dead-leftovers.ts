import { createHash, randomBytes } from "node:crypto";
import { readdir, readlink, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";

/**
 * Names of temporary directories that tell whose they are: `.orders.relight-<host>-<pid>-<random>.partial`. A process that
 * is killed leaves its directory behind; the next one that writes to the same place removes it.
 */
export async function partialName(base: string): Promise<string> {
  return `.${base}.relight-${await hostMark()}-${process.pid}-${randomBytes(4).toString("hex")}.partial`;
}

/**
 * Removes what processes of this machine that are no longer there have left beside `base`. Whatever another machine may
 * still be writing, on a shared disk, or another container with process numbers of its own, stays.
 */
export async function removeDeadLeftovers(directory: string, base: string): Promise<void> {
  const front = `.${base}.relight-${await hostMark()}-`;
  const siblings = await readdir(directory).catch((): string[] => []);
  for (const name of siblings) {
    // One that ends with .replaced is the only copy of a good backup.
    const match = name.startsWith(front)
      ? /^(\d+)-[0-9a-f]{8}\.partial(?:\.removing)?$/.exec(name.slice(front.length))
      : null;
    // Somebody else's, perhaps: no reason not to make a backup.
    if (match && !isAlive(Number(match[1]))) {
      await rm(join(directory, name), { recursive: true, force: true }).catch(() => {});
    }
  }
}

/** Whether a process of this number runs here. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is one, too.
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** The same for all processes that see each other's process numbers. */
export async function hostMark(): Promise<string> {
  const numbers = await readlink("/proc/self/ns/pid").catch(() => "");
  return createHash("sha256").update(`${hostname()} ${numbers}`).digest("hex").slice(0, 8);
}
