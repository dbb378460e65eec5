import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { isDirectory } from "./is-directory.ts";

/**
 * Makes a directory and those above it that are missing, for its owner alone. Node's own way of doing that goes on for ever
 * where a file system has a directory in which none can be made, such as /proc. The errors are those of the file system.
 */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && (await isDirectory(path))) return;
    if (code !== "ENOENT" || dirname(path) === path || (await isDirectory(dirname(path)))) throw error;
    await makeDirectory(dirname(path));
    await mkdir(path, { mode: 0o700 }).catch(async (again: NodeJS.ErrnoException) => {
      if (again.code !== "EEXIST") throw again;
    });
  }
}
