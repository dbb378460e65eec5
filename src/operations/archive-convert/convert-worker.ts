/** The worker that reads an archive and hands out a v1 archive, piece by piece, never far ahead of who takes them. */
import { closeSync, openSync, readSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { isRelightError } from "../../errors.ts";
import { ArchiveInspector } from "../../formats/archive/archive-inspector.ts";
import { V1Converter } from "../../formats/archive/convert-to-v1.ts";
import { V1Rewriter } from "../../formats/archive/rewrite-v1.ts";
import type { SequenceRanges } from "../../formats/sequence-ranges.ts";
import { type ConvertMessage, type ConvertOrder, Counter, maxAheadBytes } from "./convert-protocol.ts";

const readSize = 1024 * 1024;

class Cancelled extends Error {}

function convert({ path, counters, from, ...options }: ConvertOrder): void {
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
  const write = { ...options, write: send };
  const buffer = new Uint8Array(readSize);
  const read = (take: (bytes: Uint8Array) => void, onRead: (bytes: number) => void): void => {
    const file = openSync(path, "r");
    try {
      for (let bytes = 1; bytes > 0; ) {
        if (Atomics.load(shared, Counter.cancelled) === 1) throw new Cancelled();
        bytes = readSync(file, buffer, 0, readSize, null);
        take(buffer.subarray(0, bytes));
        onRead(bytes);
      }
    } finally {
      closeSync(file);
    }
  };
  // Which messages of a v1 archive are live is known at its end only, so it is read twice.
  const converter = from === "v2" ? new V1Converter(write) : new V1Rewriter({ ...write, live: liveIn(read) });
  read(
    (bytes) => converter.push(bytes),
    // In KiB, so that an i32 holds it.
    (bytes) => Atomics.add(shared, Counter.sourceKiB, Math.round(bytes / 1024)),
  );
  converter.end();
}

function liveIn(read: (take: (bytes: Uint8Array) => void, onRead: () => void) => void): SequenceRanges {
  const inspector = new ArchiveInspector();
  read(
    (bytes) => inspector.push(bytes),
    () => {},
  );
  return inspector.end().live.ranges;
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
