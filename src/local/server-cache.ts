import { randomBytes } from "node:crypto";
import { access, chmod, constants, copyFile, mkdir, rename, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

const binaryName = process.platform === "win32" ? "nats-server.exe" : "nats-server";

/** Where fetched servers are kept, outside of any checkout: $RELIGHT_CACHE, else $XDG_CACHE_HOME or ~/.cache. */
export function cacheDirectory(env: Environment): string {
  if (env.RELIGHT_CACHE) return env.RELIGHT_CACHE;
  if (env.XDG_CACHE_HOME) return join(env.XDG_CACHE_HOME, "relight");
  const home = env.HOME || homedir();
  return home && home !== "/" ? join(home, ".cache", "relight") : join(tmpdir(), "relight-cache");
}

export function cachedServer(env: Environment, version: string): string {
  return join(cacheDirectory(env), "nats-server", version, binaryName);
}

export async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Puts a binary into the cache. Two processes may do so at once: the file appears by rename. Returns its path. */
export async function addToCache(env: Environment, version: string, binary: string): Promise<string> {
  const target = cachedServer(env, version);
  await mkdir(join(target, ".."), { recursive: true });
  const partial = `${target}.${randomBytes(4).toString("hex")}.partial`;
  try {
    await copyFile(binary, partial);
    await chmod(partial, 0o755);
    await rename(partial, target);
  } finally {
    await rm(partial, { force: true });
  }
  return target;
}
