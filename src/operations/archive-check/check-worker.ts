/**
 * The worker that reads an archive back from its file while the file is still being written, decodes it to its end and
 * hashes it. It blocks its own thread only: the bytes that exist so far come through shared memory.
 */
import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { isRelightError } from "../../errors.ts";
import { ArchiveInspector, type InspectOptions } from "../../formats/archive/archive-inspector.ts";
import { taskKernels } from "../workers/kept-kernels.ts";
import { type CheckAnswer, type CheckShared, Flag, packReport } from "./check-protocol.ts";

export interface CheckOrder {
  readonly path: string;
  readonly shared: CheckShared;
  readonly options: InspectOptions;
}

const buffer = new Uint8Array(1024 * 1024);

function check(data: CheckOrder): CheckAnswer {
  const counters = new BigInt64Array(data.shared.counters);
  const flags = new Int32Array(data.shared.flags);
  const hash = createHash("sha256");
  const inspector = new ArchiveInspector(data.options, taskKernels());
  const file = openSync(data.path, "r");
  let position = 0;
  try {
    for (;;) {
      const state = Atomics.load(flags, Flag.state);
      const seen = Atomics.load(flags, Flag.ticks);
      const available = Number(Atomics.load(counters, 0));
      if (state === Flag.cancelled) return { kind: "cancelled" };
      if (position < available) {
        const length = readSync(file, buffer, 0, Math.min(buffer.length, available - position), position);
        if (length === 0)
          throw new Error(`the file ends at ${position}, before the ${available} bytes that were written`);
        const bytes = buffer.subarray(0, length);
        hash.update(bytes);
        inspector.push(bytes);
        position += length;
        Atomics.store(counters, 1, BigInt(inspector.decodedBytes));
        Atomics.store(counters, 2, BigInt(inspector.messages));
        Atomics.store(counters, 3, BigInt(position));
      } else if (state === Flag.ended) {
        return { kind: "report", report: packReport(inspector.end()), sha256: hash.digest("hex"), bytes: position };
      } else {
        Atomics.wait(flags, Flag.ticks, seen, 500);
      }
    }
  } finally {
    closeSync(file);
  }
}

function answer(order: CheckOrder): CheckAnswer {
  try {
    return check(order);
  } catch (error) {
    // Errors lose their class on the way between threads, so the parts travel.
    return isRelightError(error)
      ? { kind: "error", code: error.code, message: error.message, hint: error.hint, context: { ...error.context } }
      : {
          kind: "error",
          code: "INTERNAL",
          message: error instanceof Error ? (error.stack ?? error.message) : String(error),
        };
  }
}

parentPort?.on("message", (order: CheckOrder) => parentPort?.postMessage(answer(order)));
