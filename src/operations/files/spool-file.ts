import { type FileHandle, open } from "node:fs/promises";
import { fileSystemError } from "./staged-directory.ts";

/** Bytes after which a background flush starts, so that the last one is short. */
const flushEvery = 32 * 1024 * 1024;

/** A file that grows while it is received, and is durable when it is closed. Throws FILE_SYSTEM. */
export class SpoolFile implements AsyncDisposable {
  readonly path: string;
  readonly #file: FileHandle;
  #bytes = 0;
  #flushed = 0;
  #flushing: Promise<void> | undefined;
  #flushError: unknown;
  #closed = false;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  static async create(path: string): Promise<SpoolFile> {
    try {
      return new SpoolFile(path, await open(path, "wx", 0o600));
    } catch (error) {
      throw fileSystemError(`cannot create ${path}`, error);
    }
  }

  /** Bytes in the file. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Writes a block; it is the caller's again afterwards. */
  async write(block: Uint8Array): Promise<void> {
    if (this.#flushError !== undefined) throw fileSystemError(`cannot write ${this.path}`, this.#flushError);
    try {
      for (let at = 0; at < block.length; ) {
        const { bytesWritten } = await this.#file.write(block, at, block.length - at, this.#bytes);
        at += bytesWritten;
        this.#bytes += bytesWritten;
      }
    } catch (error) {
      throw fileSystemError(`cannot write ${this.path}`, error);
    }
    if (this.#bytes - this.#flushed >= flushEvery && this.#flushing === undefined) {
      this.#flushed = this.#bytes;
      this.#flushing = this.#file.datasync().then(
        () => {
          this.#flushing = undefined;
        },
        (error) => {
          this.#flushError = error;
          this.#flushing = undefined;
        },
      );
    }
  }

  /** Writes anew what stands at the beginning; not more than was written there. */
  async rewriteStart(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length; ) {
        at += (await this.#file.write(bytes, at, bytes.length - at, at)).bytesWritten;
      }
    } catch (error) {
      throw fileSystemError(`cannot write ${this.path}`, error);
    }
  }

  /** Makes everything durable and closes. */
  async finish(): Promise<void> {
    try {
      await this.#flushing;
      if (this.#flushError !== undefined) throw this.#flushError;
      await this.#file.sync();
    } catch (error) {
      throw fileSystemError(`cannot write ${this.path}`, error);
    } finally {
      await this[Symbol.asyncDispose]();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#flushing;
    await this.#file.close();
  }
}
