/** The worker that compresses the blocks of an archive that another thread makes, and appends them to its file. */
import { parentPort } from "node:worker_threads";
import { type ErrorCode, isRelightError } from "../../errors.ts";
import { S2Packer } from "../../formats/s2/s2-packer.ts";
import { taskKernels } from "../workers/kept-kernels.ts";
import { PipeBroken, PipeReader, type SharedPipe } from "../workers/shared-pipe.ts";
import { storeWritten } from "./edit-protocol.ts";
import { PieceFile } from "./piece-file.ts";

export interface PackOrder {
  /** The file, which exists once the first block comes. */
  readonly path: string;
  readonly pipe: SharedPipe;
  /** As the edit's. */
  readonly counters: SharedArrayBuffer;
}

export type PackAnswer =
  | { readonly kind: "done" }
  /** The other side gave up, and knows why. */
  | { readonly kind: "broken" }
  | { readonly kind: "error"; readonly code: ErrorCode; readonly message: string };

function pack({ path, counters }: PackOrder, reader: PipeReader): void {
  const shared = new Int32Array(counters);
  let file: PieceFile | undefined;
  try {
    const packer = new S2Packer(taskKernels(), (chunk) => file?.write(chunk));
    reader.begin();
    for (let piece = reader.next(); piece; piece = reader.next()) {
      file ??= PieceFile.append(path, (bytes) => storeWritten(shared, bytes));
      packer.push(piece);
    }
    file?.flush();
  } finally {
    file?.close();
  }
}

function answer(order: PackOrder): PackAnswer {
  const reader = new PipeReader(order.pipe);
  try {
    pack(order, reader);
    reader.end();
    return { kind: "done" };
  } catch (error) {
    reader.break();
    if (error instanceof PipeBroken) return { kind: "broken" };
    if (isRelightError(error)) return { kind: "error", code: error.code, message: error.message };
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { kind: "error", code: "INTERNAL", message };
  }
}

parentPort?.on("message", (order: PackOrder) => parentPort?.postMessage(answer(order)));
