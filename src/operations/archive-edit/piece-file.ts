import { closeSync, fstatSync, fsyncSync, openSync, writeSync } from "node:fs";
import { fileSystemError } from "../files/file-system-error.ts";

/** A file that pieces are written to, a good many at a time. It blocks its thread. Throws FILE_SYSTEM. */
export class PieceFile {
  readonly #path: string;
  readonly #file: number;
  readonly #onWritten: (bytes: number) => void;
  readonly #pending = new Uint8Array(1024 * 1024);
  #used = 0;
  #written: number;
  #open = true;

  private constructor(path: string, flags: "wx" | "a", onWritten: (bytes: number) => void) {
    this.#path = path;
    this.#onWritten = onWritten;
    this.#file = this.#guarded(() => openSync(path, flags, 0o600));
    this.#written = this.#guarded(() => fstatSync(this.#file).size);
  }

  /** A new file. `onWritten` is told how many bytes the file holds. */
  static create(path: string, onWritten: (bytes: number) => void): PieceFile {
    return new PieceFile(path, "wx", onWritten);
  }

  /** A file that is there, and is to become longer. */
  static append(path: string, onWritten: (bytes: number) => void): PieceFile {
    return new PieceFile(path, "a", onWritten);
  }

  write(piece: Uint8Array): void {
    for (let at = 0; at < piece.length; ) {
      const length = Math.min(this.#pending.length - this.#used, piece.length - at);
      this.#pending.set(piece.subarray(at, at + length), this.#used);
      this.#used += length;
      at += length;
      if (this.#used === this.#pending.length) this.flush();
    }
  }

  /** Writes what was gathered. */
  flush(): void {
    this.#guarded(() => {
      for (let at = 0; at < this.#used; ) at += writeSync(this.#file, this.#pending, at, this.#used - at);
    });
    this.#written += this.#used;
    this.#used = 0;
    this.#onWritten(this.#written);
  }

  /** Puts bytes in place of the first ones. */
  replaceHead(head: Uint8Array): void {
    this.#guarded(() => {
      for (let at = 0; at < head.length; ) at += writeSync(this.#file, head, at, head.length - at, at);
    });
  }

  /** Makes all that was written to the file durable, whoever wrote it. */
  sync(): void {
    this.#guarded(() => fsyncSync(this.#file));
  }

  close(): void {
    if (this.#open) closeSync(this.#file);
    this.#open = false;
  }

  #guarded<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      throw fileSystemError(`cannot write ${this.#path}`, error);
    }
  }
}
