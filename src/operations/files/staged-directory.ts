import { open, readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { RelightError } from "../../errors.ts";
import { partialName, removeDeadLeftovers } from "./dead-leftovers.ts";
import { fileSystemError } from "./file-system-error.ts";
import { makeDirectory } from "./make-directory.ts";

export { fileSystemError } from "./file-system-error.ts";

/**
 * A directory that appears whole or not at all: everything is written beside the target under a temporary name, made
 * durable, and renamed into place. An existing target stays what it was until then.
 */
export class StagedDirectory implements AsyncDisposable {
  readonly target: string;
  /** Where to write. */
  readonly path: string;
  readonly #replace: boolean;
  #committed = false;

  private constructor(target: string, path: string, replace: boolean) {
    this.target = target;
    this.path = path;
    this.#replace = replace;
  }

  /**
   * Makes the temporary directory. Throws BACKUP_EXISTS where the target holds something and `replace` is not set, and
   * FILE_SYSTEM. A target that holds something other than a backup is never replaced: `looksOurs` decides.
   */
  static async create(
    target: string,
    options: { readonly replace?: boolean; readonly looksOurs: (names: readonly string[]) => boolean },
  ): Promise<StagedDirectory> {
    const full = resolve(target);
    await bringBackReplaced(full);
    const existing = await namesIn(full);
    if (existing !== undefined && existing.length > 0) {
      if (!options.replace) {
        throw new RelightError("BACKUP_EXISTS", `${target} exists already and is not empty`, {
          context: { path: full },
        });
      }
      if (!options.looksOurs(existing)) {
        throw new RelightError("BACKUP_EXISTS", `${target} holds something else than a backup; it is not replaced`, {
          context: { path: full },
          hint: "Choose another directory.",
        });
      }
    }
    const path = join(dirname(full), await partialName(basename(full)));
    try {
      await removeDeadLeftovers(dirname(full), basename(full));
      await makeDirectory(path);
    } catch (error) {
      throw fileSystemError(`cannot create a directory beside ${target}`, error);
    }
    return new StagedDirectory(full, path, options.replace ?? false);
  }

  /**
   * Moves the directory into place. What stood there before is removed only after that. A process that is killed between
   * the two renames leaves it under its hidden name, whole; the next `create` brings it back.
   */
  async commit(): Promise<void> {
    try {
      await syncDirectory(this.path);
      const existing = await namesIn(this.target);
      if (existing === undefined) {
        await rename(this.path, this.target);
      } else if (existing.length === 0) {
        await rmdir(this.target);
        await rename(this.path, this.target);
      } else if (this.#replace) {
        const aside = `${this.path}.replaced`;
        await rename(this.target, aside);
        try {
          await rename(this.path, this.target);
        } catch (error) {
          await rename(aside, this.target);
          throw error;
        }
        // Under another name, so that one of which half is gone is never taken for the backup that stood there.
        const removing = `${this.path}.removing`;
        await rename(aside, removing);
        await rm(removing, { recursive: true, force: true });
      } else {
        throw new RelightError("BACKUP_EXISTS", `${this.target} appeared while the backup ran`);
      }
      await syncDirectory(dirname(this.target));
      this.#committed = true;
    } catch (error) {
      if (error instanceof RelightError) throw error;
      throw fileSystemError(`cannot move the backup to ${this.target}`, error);
    }
  }

  /** Removes what was not committed. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#committed) await rm(this.path, { recursive: true, force: true });
  }
}

/** Undoes a replacement that was killed in the one moment in which nothing has the target's name. */
async function bringBackReplaced(target: string): Promise<void> {
  const replaced = await findReplaced(target);
  if (replaced === undefined) return;
  try {
    await rename(replaced, target);
  } catch (error) {
    throw fileSystemError(`cannot bring back ${replaced} as ${target}`, error);
  }
}

/** The directory that a killed replacement of `target` left behind, where `target` itself is not there. */
export async function findReplaced(target: string): Promise<string | undefined> {
  const full = resolve(target);
  const siblings = await readdir(dirname(full)).catch((): string[] => []);
  const front = `.${basename(full)}.relight-`;
  const left = siblings.find((name) => name.startsWith(front) && name.endsWith(".partial.replaced"));
  return left === undefined || siblings.includes(basename(full)) ? undefined : join(dirname(full), left);
}

/** Writes a small file and makes it durable. Throws FILE_SYSTEM. */
export async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  try {
    const file = await open(path, "wx", 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw fileSystemError(`cannot write ${path}`, error);
  }
}

async function namesIn(path: string): Promise<string[] | undefined> {
  try {
    const info = await stat(path);
    if (!info.isDirectory()) {
      throw new RelightError("BACKUP_EXISTS", `${path} exists and is not a directory`, {
        hint: "Choose another directory.",
      });
    }
    return await readdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    if (error instanceof RelightError) throw error;
    throw fileSystemError(`cannot read ${path}`, error);
  }
}

/** Makes the names in a directory durable. The errors are those of the file system. */
export async function syncDirectory(path: string): Promise<void> {
  // Not every platform lets a directory be opened; where it does not, rename is durable enough.
  try {
    const directory = await open(path, "r");
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  } catch (error) {
    if (!["EISDIR", "EPERM", "EACCES", "EINVAL"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}
