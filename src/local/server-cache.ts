import { randomBytes } from "node:crypto";
import { access, chmod, constants, copyFile, lstat, mkdir, rename, rm } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { serverVersionOf } from "./run-program.ts";
import { binaryName } from "./server-source.ts";

/**
 * Where fetched servers are kept, outside of any checkout: $RELIGHT_CACHE, else under $XDG_CACHE_HOME or ~/.cache, else
 * (no home, or one that nobody can write to) a directory of this user's own under the system's temporary one.
 */
export async function serverCache(env: NodeJS.ProcessEnv): Promise<string> {
  if (env.RELIGHT_CACHE) return join(env.RELIGHT_CACHE, "nats-server");
  const home = env.HOME || env.USERPROFILE;
  const usual = env.XDG_CACHE_HOME || (home ? join(home, ".cache") : undefined);
  if (usual !== undefined) {
    const cache = join(usual, "relight", "nats-server");
    if (await canWrite(cache)) return cache;
  }
  return join(await ownTemporaryDirectory(), "nats-server");
}

async function canWrite(directory: string): Promise<boolean> {
  try {
    await mkdir(directory, { recursive: true });
    await access(directory, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Anybody may make directories under the temporary one; programs are run only from one that nobody else can fill. */
async function ownTemporaryDirectory(): Promise<string> {
  const { uid, username } = userInfo();
  const directory = join(tmpdir(), `relight-cache-${uid < 0 ? username : uid}`);
  await mkdir(directory, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  const facts = await lstat(directory);
  const safe = uid < 0 || (facts.isDirectory() && facts.uid === uid && (facts.mode & 0o022) === 0);
  if (!safe) throw new Error(`${directory} belongs to somebody else; set RELIGHT_CACHE to a directory of your own`);
  return directory;
}

export function cachedServer(cache: string, version: string): string {
  return join(cache, version, binaryName);
}

/**
 * Puts a binary of exactly `version` into the cache and returns its path. Two processes may do so at once: it appears,
 * proven to run, by one rename.
 *
 * Rejects when the binary does not run or is of another version.
 */
export async function addToCache(cache: string, version: string, binary: string): Promise<string> {
  const target = cachedServer(cache, version);
  await mkdir(join(cache, version), { recursive: true });
  const partial = `${target}.${randomBytes(4).toString("hex")}.partial`;
  try {
    await copyFile(binary, partial);
    await chmod(partial, 0o755);
    const actual = await serverVersionOf(partial);
    if (actual !== version) throw new Error(`it brought ${actual}`);
    await rename(partial, target);
  } finally {
    await rm(partial, { force: true });
  }
  return target;
}
