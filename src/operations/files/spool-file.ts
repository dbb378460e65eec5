import { type FileHandle, open } from "node:fs/promises";
import { fileSystemError } from "./staged-directory.ts";

/** Bytes after which a background flush starts, so that the last one is short. */
const flushEvery = 32 * 1024 * 1024;

/** Bytes that are written at once: one call of the system, and one word to the checking thread, for many small chunks. */
const writeBytes = 512 * 1024;

/** Buffers in one write, below every system's limit. */
const maxBuffers = 512;

/** A file that grows while it is received, and is durable when it is closed. Throws FILE_SYSTEM. */
export class SpoolFile implements AsyncDisposable {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #lastWrite = 0;
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

  /** Bytes of the last write. */
  get lastWrite(): number {
    return this.#lastWrite;
  }

  /** Takes a chunk, which is kept until enough have come for one write. True when they were written. */
  async append(chunk: Uint8Array): Promise<boolean> {
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes < writeBytes) return false;
    await this.flush();
    return true;
  }

  /** Writes what waits. */
  async flush(): Promise<void> {
    if (this.#flushError !== undefined) throw fileSystemError(`cannot write ${this.path}`, this.#flushError);
    this.#lastWrite = this.#waitingBytes;
    try {
      while (this.#waiting.length > 0) {
        const { bytesWritten } = await this.#file.writev(this.#waiting.slice(0, maxBuffers), this.#bytes);
        this.#bytes += bytesWritten;
        this.#drop(bytesWritten);
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

  /** Forgets bytes that are in the file; a write can end in the middle of a chunk. */
  #drop(written: number): void {
    let left = written;
    let whole = 0;
    while (whole < this.#waiting.length && left >= (this.#waiting[whole]?.length ?? 0)) {
      left -= this.#waiting[whole]?.length ?? 0;
      whole++;
    }
    this.#waiting.splice(0, whole);
    const first = this.#waiting[0];
    if (left > 0 && first) this.#waiting[0] = first.subarray(left);
    this.#waitingBytes -= written;
  }

  /** Makes everything durable and closes. */
  async finish(): Promise<void> {
    try {
      await this.flush();
      await this.#flushing;
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
