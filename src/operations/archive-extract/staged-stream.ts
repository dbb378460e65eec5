import { lstat, mkdir, rename, rm, rmdir } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { RelightError } from "../../errors.ts";
import { partialName, removeDeadLeftovers } from "../files/dead-leftovers.ts";
import { fileSystemError, syncDirectory } from "../files/staged-directory.ts";
import { type Owner, sealDirectory, sealTree } from "./seal-tree.ts";

/**
 * A stream's directory in a store that appears whole or not at all. It is made in the account's directory, on whose file system
 * `streams/` is, and where no server looks: below `streams/` it would take it for a stream, below `jetstream/` for an account.
 */
export class StagedStream implements AsyncDisposable {
  /** Where to write. */
  readonly path: string;
  readonly #store: string;
  readonly #target: string;
  readonly #owner: Owner;
  /** Directories above the target that were made for it, the outermost first. */
  readonly #made: string[] = [];
  #committed = false;

  private constructor(store: string, path: string, target: string, owner: Owner) {
    this.#store = store;
    this.path = path;
    this.#target = target;
    this.#owner = owner;
  }

  /**
   * `target` is `<store>/jetstream/<account>/streams/<stream>`; the store is there. Removes what killed processes left of the
   * same stream. Throws FILE_SYSTEM.
   */
  static async create(store: string, target: string, owner: Owner): Promise<StagedStream> {
    const account = dirname(dirname(target));
    const name = basename(target);
    await removeDeadLeftovers(account, name);
    const staged = new StagedStream(store, join(account, await partialName(name)), target, owner);
    try {
      await staged.#makeDirectories(account);
      await mkdir(staged.path, { mode: 0o700 });
      return staged;
    } catch (error) {
      await staged[Symbol.asyncDispose]();
      throw fileSystemError(`cannot create a directory in ${account}`, error);
    }
  }

  /** Makes all of it durable and moves it into place. Throws STREAM_EXISTS where one has appeared there, and FILE_SYSTEM. */
  async commit(): Promise<void> {
    const streams = dirname(this.#target);
    try {
      await sealTree(this.path, this.#owner);
      await this.#makeDirectories(streams);
      if (await isThere(this.#target)) {
        throw new RelightError("STREAM_EXISTS", `${this.#target} appeared while the stream was extracted`, {
          hint: "Look at what made it; extract under another name with --name.",
        });
      }
      await rename(this.path, this.#target);
      this.#committed = true;
      await syncDirectory(streams);
      await syncDirectory(dirname(streams));
    } catch (error) {
      if (error instanceof RelightError) throw error;
      throw fileSystemError(`cannot move the stream to ${this.#target}`, error);
    }
  }

  /** Makes what is missing of the directories from the store down to `directory`. */
  async #makeDirectories(directory: string): Promise<void> {
    let at = this.#store;
    for (const part of relative(this.#store, directory).split(sep)) {
      const above = at;
      at = join(at, part);
      if (await isThere(at)) continue;
      await mkdir(at, { mode: 0o700 });
      this.#made.push(at);
      await sealDirectory(at, this.#owner);
      await syncDirectory(above);
    }
  }

  /** Removes what was not committed, and the directories above that were made for it. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#committed) return;
    await rm(this.path, { recursive: true, force: true, maxRetries: 3 });
    // One that is not empty is somebody else's by now.
    for (const made of this.#made.reverse()) await rmdir(made).catch(() => {});
  }
}

/** Also true of a link that leads nowhere. */
async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}
