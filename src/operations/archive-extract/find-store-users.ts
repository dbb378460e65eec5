import type { Stats } from "node:fs";
import { readdir, readFile, readlink, stat } from "node:fs/promises";
import { basename, join, sep } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { processStores } from "./process-stores.ts";
import { jetStreamDirectory } from "./store-layout.ts";

/** A process that has to do with a store directory. */
export interface StoreUser {
  readonly pid: number;
  readonly program: string;
  /** What says so, in words that go on after "it". */
  readonly evidence: string;
}

export interface StoreUsers {
  /** False where the system does not tell which processes use a directory. */
  readonly checked: boolean;
  readonly inUse: readonly StoreUser[];
  /** Servers of which it cannot be told which store they use. */
  readonly unclear: readonly StoreUser[];
}

/**
 * Looks for processes of this machine that use a store directory. A nats-server locks nothing, and keeps no file open below
 * an idle store; so besides open files every nats-server's own arguments and configuration are read for the store it names.
 * Linux only: it takes /proc. A server on another machine that shares the disk, or in a container that this one cannot see,
 * is not found.
 */
export async function findStoreUsers(directory: string, proc = "/proc"): Promise<StoreUsers> {
  const inUse: StoreUser[] = [];
  const unclear: StoreUser[] = [];
  const wanted = await stat(directory).catch(() => undefined);
  const names = await readdir(proc).catch((): string[] => []);
  const pids = names.filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  if (pids.length === 0) return { checked: false, inUse, unclear };
  for (const pid of pids) {
    const at = join(proc, pid);
    const args = (await readFile(join(at, "cmdline"), "utf8").catch(() => "")).split("\0").slice(0, -1);
    const program = basename((await readlink(join(at, "exe")).catch(() => args[0] ?? "")).replace(/ \(deleted\)$/, ""));
    const user = (evidence: string): StoreUser => ({ pid: Number(pid), program, evidence });
    const opened = await openBelow(at, join(directory, jetStreamDirectory));
    if (opened) {
      inUse.push(user(`has ${opened} open`));
      continue;
    }
    if (!/^nats-server/.test(program) && !/^nats-server/.test(basename(args[0] ?? ""))) continue;
    let stores = await processStores(at, args);
    if (stores === undefined) {
      // One that is just ending has nothing to be read any more, and uses no store for long.
      await sleep(endingMs);
      if (!(await isAlive(at))) continue;
      stores = await processStores(at, args);
    }
    if (stores === undefined) unclear.push(user("does not let its arguments and configuration be read"));
    for (const store of stores ?? []) {
      if (store.path.startsWith("$")) unclear.push(user(`names its store by the variable ${store.path}`));
      // Paths of a process in a container are those inside, so the directories are compared and not their names.
      else if (await isSame(join(at, "root", store.path), wanted, store.path === directory)) {
        inUse.push(user(`names it in ${store.from}`));
        break;
      }
    }
  }
  return { checked: true, inUse, unclear };
}

const endingMs = 200;

/** False for a process that is gone, or waits only for its parent to take notice. */
async function isAlive(at: string): Promise<boolean> {
  const text = await readFile(join(at, "stat"), "utf8").catch(() => "");
  const state = /\) (\S)/.exec(text)?.[1];
  return state !== undefined && state !== "Z" && state !== "X";
}

async function openBelow(at: string, directory: string): Promise<string | undefined> {
  for (const name of await readdir(join(at, "fd")).catch((): string[] => [])) {
    const path = await readlink(join(at, "fd", name)).catch(() => "");
    if (path.startsWith(directory + sep)) return path;
  }
  return undefined;
}

async function isSame(path: string, wanted: Stats | undefined, sameName: boolean): Promise<boolean> {
  try {
    const found = await stat(path);
    return wanted !== undefined && found.dev === wanted.dev && found.ino === wanted.ino;
  } catch {
    // The root of somebody else's process is not to be looked into; then the names must do.
    return sameName;
  }
}
