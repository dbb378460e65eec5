/** The worker that edits an archive: it reads one file, as often as it takes, and writes another. It blocks its own thread only. */
import { closeSync, fsyncSync, openSync, readSync, writeSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { isRelightError, RelightError } from "../../errors.ts";
import { Obfuscator } from "../../formats/edit/obfuscator.ts";
import { type ReadArchive, runEdit } from "../../formats/edit/run-edit.ts";
import { fileSystemError } from "../files/staged-directory.ts";
import { taskKernels } from "../workers/kept-kernels.ts";
import { type EditAnswer, EditCounter, type EditOrder } from "./edit-protocol.ts";

const buffer = new Uint8Array(1024 * 1024);

function edit(order: EditOrder): EditAnswer {
  const { path, from, out, spec, format, config, lastSequence, keys, emptyAsIn29 } = order;
  const counters = new Int32Array(order.counters);
  const obfuscate = keys ? Obfuscator.fromKeyFile(JSON.stringify(keys), "the key file") : undefined;
  let created = order.created ?? "";
  const file = out === undefined ? undefined : new PieceFile(out, counters);
  try {
    const { report, head } = runEdit({
      read: reader(path, counters),
      from,
      spec,
      obfuscate,
      lastSequence,
      target: (inspected) => {
        created ||= inspected?.stream?.created ?? new Date().toISOString();
        return { format, config, created, emptyAsIn29 };
      },
      output: file ? { write: (piece) => file.write(piece) } : {},
      kernels: taskKernels,
    });
    file?.finish(head);
    return { kind: "done", report, created, ...(obfuscate ? { keys: obfuscate.toKeyFile() } : {}) };
  } finally {
    file?.close();
  }
}

function reader(path: string, counters: Int32Array): ReadArchive {
  return (take) => {
    const source = openSync(path, "r");
    try {
      for (;;) {
        if (Atomics.load(counters, EditCounter.cancelled) === 1) throw new RelightError("CANCELLED", "cancelled");
        const bytes = readSync(source, buffer, 0, buffer.length, null);
        if (bytes === 0 || take(buffer.subarray(0, bytes)) === false) return;
        Atomics.add(counters, EditCounter.readKiB, Math.round(bytes / 1024));
      }
    } finally {
      closeSync(source);
    }
  };
}

/** A new file that pieces are written to, a good many at a time. */
class PieceFile {
  readonly #path: string;
  readonly #file: number;
  readonly #pending = new Uint8Array(1024 * 1024);
  #used = 0;
  #open = true;

  readonly #counters: Int32Array;
  #written = 0;

  constructor(path: string, counters: Int32Array) {
    this.#path = path;
    this.#counters = counters;
    this.#file = this.#guarded(() => openSync(path, "wx", 0o600));
    Atomics.store(counters, EditCounter.created, 1);
  }

  write(piece: Uint8Array): void {
    for (let at = 0; at < piece.length; ) {
      const length = Math.min(this.#pending.length - this.#used, piece.length - at);
      this.#pending.set(piece.subarray(at, at + length), this.#used);
      this.#used += length;
      at += length;
      if (this.#used === this.#pending.length) this.#flush();
    }
  }

  /** Puts a head in place of the first bytes, and makes the file durable. */
  finish(head: Uint8Array | undefined): void {
    this.#flush();
    this.#guarded(() => {
      for (let at = 0; head && at < head.length; ) at += writeSync(this.#file, head, at, head.length - at, at);
      fsyncSync(this.#file);
    });
  }

  close(): void {
    if (this.#open) closeSync(this.#file);
    this.#open = false;
  }

  #flush(): void {
    this.#guarded(() => {
      for (let at = 0; at < this.#used; ) at += writeSync(this.#file, this.#pending, at, this.#used - at);
    });
    this.#written += this.#used;
    this.#used = 0;
    Atomics.store(this.#counters, EditCounter.writtenKiB, Math.floor(this.#written / 1024));
  }

  #guarded<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      throw fileSystemError(`cannot write ${this.#path}`, error);
    }
  }
}

function answer(order: EditOrder): EditAnswer {
  try {
    return edit(order);
  } catch (error) {
    // Errors lose their class on the way between threads, so the parts travel.
    if (isRelightError(error))
      return { kind: "error", code: error.code, message: error.message, context: { ...error.context } };
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { kind: "error", code: "INTERNAL", message };
  }
}

parentPort?.on("message", (order: EditOrder) => parentPort?.postMessage(answer(order)));
