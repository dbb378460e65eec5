import { chmod, chown, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { syncDirectory } from "../files/staged-directory.ts";

export type Owner = { readonly uid: number; readonly gid: number } | undefined;

/**
 * Makes a directory and all that is in it durable, with the modes that a nats-server gives (0700 and 0600, whatever the
 * umask) and, where one is given, its owner. The errors are those of the file system.
 */
export async function sealTree(directory: string, owner: Owner): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) {
      await sealTree(path, owner);
      continue;
    }
    if (owner) await chown(path, owner.uid, owner.gid);
    const file = await open(path, "r+");
    try {
      await file.chmod(0o600);
      await file.sync();
    } finally {
      await file.close();
    }
  }
  await sealDirectory(directory, owner);
}

/** The same of a directory alone. */
export async function sealDirectory(path: string, owner: Owner): Promise<void> {
  await chmod(path, 0o700);
  if (owner) await chown(path, owner.uid, owner.gid);
  await syncDirectory(path);
}
