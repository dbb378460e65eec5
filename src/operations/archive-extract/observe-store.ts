import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { MalformedBytes } from "../../formats/byte-reader.ts";
import { decodeStreamMeta } from "../../formats/filestore/meta-inf.ts";
import { fileSystemError } from "../files/staged-directory.ts";
import type { StorePicture, StoreStream } from "./extract-plan.ts";
import { findStoreUsers } from "./find-store-users.ts";
import { jetStreamDirectory, raftDirectory, streamsDirectory } from "./store-layout.ts";

/** Looks at a store directory, and touches nothing. Throws FILE_SYSTEM. */
export async function observeStore(path: string, account: string): Promise<StorePicture> {
  try {
    return await observe(path, account);
  } catch (error) {
    throw fileSystemError(`cannot look into ${path}`, error);
  }
}

async function observe(path: string, account: string): Promise<StorePicture> {
  const directory = await realpath(path).catch(() => path);
  const names = await namesIn(directory);
  const jetstream = join(directory, jetStreamDirectory);
  const accounts = (await namesIn(jetstream)) ?? [];
  const streams = join(jetstream, account, streamsDirectory);
  const found: StoreStream[] = [];
  let [encrypted, indexed] = [false, false];
  for (const name of (await namesIn(streams)) ?? []) {
    encrypted ||= ((await namesIn(join(streams, name))) ?? []).includes("meta.key");
    indexed ||= ((await namesIn(join(streams, name, "msgs"))) ?? []).includes("index.db");
    found.push({ name, subjects: await subjectsOf(join(streams, name, "meta.inf")) });
  }
  return {
    directory,
    kind: await kindOf(directory, names),
    raft: await raftIn(jetstream, accounts),
    accounts,
    streams: found,
    encrypted,
    indexed,
    owner: await ownerOf([streams, join(jetstream, account), jetstream, directory]),
    users: await findStoreUsers(directory),
  };
}

async function kindOf(directory: string, names: readonly string[] | undefined): Promise<StorePicture["kind"]> {
  if (names === undefined) return "missing";
  if (names.includes(jetStreamDirectory)) return "store";
  const visible = names.filter((name) => !name.startsWith(".") && name !== "lost+found");
  if (visible.length === 0) return "empty";
  for (const name of visible) {
    const inside = (await namesIn(join(directory, name))) ?? [];
    if (inside.includes(streamsDirectory) || inside.includes(raftDirectory)) return "inside";
  }
  return "other";
}

async function raftIn(jetstream: string, accounts: readonly string[]): Promise<string | undefined> {
  for (const account of accounts) {
    const inside = (await namesIn(join(jetstream, account))) ?? [];
    if (inside.includes(raftDirectory)) return join(jetStreamDirectory, account, raftDirectory);
  }
  return undefined;
}

async function subjectsOf(path: string): Promise<readonly string[] | undefined> {
  try {
    const { subjects } = decodeStreamMeta(await readFile(path)).config;
    return Array.isArray(subjects) ? subjects.map(String) : [];
  } catch (error) {
    if (error instanceof MalformedBytes || (error as NodeJS.ErrnoException).syscall) return undefined;
    throw error;
  }
}

/** Of the innermost directory that is there: a server works as one user, whatever is above its store. */
async function ownerOf(paths: readonly string[]): Promise<StorePicture["owner"]> {
  if (process.getuid === undefined) return undefined;
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined);
    if (found) return { uid: found.uid, gid: found.gid };
  }
  return undefined;
}

/** Undefined where there is no such directory. */
async function namesIn(path: string): Promise<string[] | undefined> {
  try {
    return await readdir(path);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}
