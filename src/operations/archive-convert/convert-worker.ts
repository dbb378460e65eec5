/** The worker that reads an archive and hands out a v1 archive, piece by piece, never far ahead of who takes them. */
import { closeSync, openSync, readSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { isRelightError } from "../../errors.ts";
import { runEdit } from "../../formats/edit/run-edit.ts";
import type { Kernels } from "../../formats/kernels/kernels.ts";
import { taskKernels } from "../workers/kept-kernels.ts";
import { type ConvertMessage, type ConvertOrder, Counter } from "./convert-protocol.ts";
import { Cancelled, PieceWriter } from "./piece-writer.ts";

const buffer = new Uint8Array(1024 * 1024);

function convert({ path, counters, slots, incomplete, known, spec, lastSequence, ...target }: ConvertOrder): void {
  const shared = new Int32Array(counters);
  const kernels = (): Kernels => taskKernels({ shared: true });
  let out: PieceWriter | undefined;
  runEdit({
    read: (take, last) => {
      const file = openSync(path, "r");
      try {
        for (let more = true; more; ) {
          if (Atomics.load(shared, Counter.cancelled) === 1) throw new Cancelled();
          const bytes = readSync(file, buffer, 0, buffer.length, null);
          if (bytes === 0) return;
          more = take(buffer.subarray(0, bytes)) !== false;
          // In KiB, so that an i32 holds it.
          if (last) Atomics.add(shared, Counter.sourceKiB, Math.round(bytes / 1024));
        }
      } finally {
        closeSync(file);
      }
    },
    incomplete,
    known,
    spec,
    lastSequence,
    target: { ...target, format: "v1" },
    output: (last) => {
      out = new PieceWriter(last, shared, slots, (message) => parentPort?.postMessage(message));
      return out;
    },
    kernels,
  });
  out?.flush();
}

function outcome(order: ConvertOrder): ConvertMessage {
  try {
    convert(order);
  } catch (error) {
    if (isRelightError(error)) return { kind: "error", code: error.code, message: error.message };
    if (!(error instanceof Cancelled)) {
      return { kind: "error", code: "INTERNAL", message: error instanceof Error ? (error.stack ?? "") : String(error) };
    }
  }
  return { kind: "end" };
}

parentPort?.on("message", (order: ConvertOrder) => parentPort?.postMessage(outcome(order)));
