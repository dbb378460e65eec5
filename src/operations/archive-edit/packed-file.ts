import type { Kernels } from "../../formats/kernels/kernels.ts";
import { S2Packer } from "../../formats/s2/s2-packer.ts";
import { PipeWriter, type SharedPipe } from "../workers/shared-pipe.ts";
import { EditCounter, storeWritten } from "./edit-protocol.ts";
import { PieceFile } from "./piece-file.ts";

export interface PackedFileOptions {
  /** Through which blocks go to another thread, which compresses them and appends them to the file, once somebody reads there. */
  readonly pipe: SharedPipe;
  /** A v1 archive is written from its beginning to its end; the beginning of a v2 archive may be replaced. */
  readonly format: "v1" | "v2";
}

/**
 * A new file for an archive whose blocks come uncompressed. They are compressed here until another thread is ready to do it,
 * which is not worth while for a small archive, and by that one from then on.
 */
export class PackedFile {
  readonly #file: PieceFile;
  readonly #pipe: PipeWriter;
  readonly #packer: S2Packer;
  readonly #counters: Int32Array;
  #made = 0;
  #handedOver = false;

  /** `kernels`: for it alone. `counters`: by {@link EditCounter}. */
  constructor(path: string, kernels: Kernels, { pipe, format }: PackedFileOptions, counters: Int32Array) {
    this.#counters = counters;
    this.#file = PieceFile.create(path, (bytes) => storeWritten(counters, bytes));
    this.#pipe = new PipeWriter(pipe);
    this.#packer = new S2Packer(kernels, (chunk) => this.#file.write(chunk));
    if (format === "v1") this.#readable();
  }

  /** Writes the beginning of the file as it is. `likely`: it will stay, so that who reads along may begin. */
  writeHead(head: Uint8Array, likely: boolean): void {
    this.#file.write(head);
    this.#file.flush();
    if (likely) this.#readable();
  }

  /** Throws FILE_SYSTEM, and PipeBroken where the other thread failed. */
  write(piece: Uint8Array): void {
    this.#made += piece.length;
    Atomics.store(this.#counters, EditCounter.madeKiB, Math.floor(this.#made / 1024));
    if (!this.#handedOver && this.#packer.betweenChunks && this.#pipe.hasReader) this.#handOver();
    if (this.#handedOver) this.#pipe.write(piece);
    else this.#packer.push(piece);
  }

  /** Waits for the other thread, puts a head in place of the first bytes, and makes the file durable. */
  finish(head: Uint8Array | undefined): void {
    this.#pipe.end();
    if (this.#handedOver) this.#pipe.waitForReader();
    else this.#file.flush();
    if (head) this.#file.replaceHead(head);
    this.#file.sync();
  }

  /** Where it is not finished, the other thread gives up. */
  close(): void {
    this.#pipe.break();
    this.#file.close();
  }

  #readable(): void {
    Atomics.store(this.#counters, EditCounter.readable, 1);
  }

  /** The other thread appends, so that everything has to be in the file before its first block comes. */
  #handOver(): void {
    this.#file.flush();
    this.#handedOver = true;
  }
}
