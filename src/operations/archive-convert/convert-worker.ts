/** The worker that reads a v2 archive and hands out a v1 archive, piece by piece, never far ahead of who takes them. */
import { closeSync, openSync, readSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { isRelightError } from "../../errors.ts";
import { V1Converter } from "../../formats/archive/convert-to-v1.ts";
import { type ConvertMessage, type ConvertOrder, Counter, maxAheadBytes } from "./convert-protocol.ts";

const readSize = 1024 * 1024;

class Cancelled extends Error {}

function convert({ path, counters, ...options }: ConvertOrder): void {
  const shared = new Int32Array(counters);
  const send = (piece: Uint8Array): void => {
    Atomics.add(shared, Counter.ahead, piece.length);
    const bytes = piece as Uint8Array<ArrayBuffer>;
    parentPort?.postMessage({ kind: "piece", bytes } satisfies ConvertMessage, [bytes.buffer]);
    for (;;) {
      if (Atomics.load(shared, Counter.cancelled) === 1) throw new Cancelled();
      const ahead = Atomics.load(shared, Counter.ahead);
      if (ahead < maxAheadBytes) return;
      Atomics.wait(shared, Counter.ahead, ahead, 500);
    }
  };
  const converter = new V1Converter({ ...options, write: send });
  const buffer = new Uint8Array(readSize);
  const file = openSync(path, "r");
  try {
    for (let read = 1; read > 0; ) {
      read = readSync(file, buffer, 0, readSize, null);
      converter.push(buffer.subarray(0, read));
      // In KiB, so that an i32 holds it.
      Atomics.add(shared, Counter.sourceKiB, Math.round(read / 1024));
    }
    converter.end();
  } finally {
    closeSync(file);
  }
}

let last: ConvertMessage = { kind: "end" };
try {
  convert(workerData as ConvertOrder);
} catch (error) {
  if (isRelightError(error)) last = { kind: "error", code: error.code, message: error.message };
  else if (!(error instanceof Cancelled)) {
    last = { kind: "error", code: "INTERNAL", message: error instanceof Error ? (error.stack ?? "") : String(error) };
  }
}
parentPort?.postMessage(last);
