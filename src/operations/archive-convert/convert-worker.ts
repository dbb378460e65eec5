/** The worker that reads an archive and hands out a v1 archive, piece by piece, never far ahead of who takes them. */
import { closeSync, openSync, readSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { isRelightError } from "../../errors.ts";
import { ArchiveInspector } from "../../formats/archive/archive-inspector.ts";
import { V1Converter } from "../../formats/archive/convert-to-v1.ts";
import { V1Rewriter } from "../../formats/archive/rewrite-v1.ts";
import type { SequenceRanges } from "../../formats/sequence-ranges.ts";
import { taskKernels } from "../workers/kept-kernels.ts";
import { type ConvertMessage, type ConvertOrder, Counter, slotBytes } from "./convert-protocol.ts";

const buffer = new Uint8Array(1024 * 1024);

class Cancelled extends Error {}

/** Leaves bytes in the slots; waits while none is free. */
class SlotWriter {
  readonly #shared: Int32Array;
  readonly #slots: Uint8Array;
  readonly #count: number;
  #filled = 0;
  #at = 0;

  constructor(counters: Int32Array, slots: SharedArrayBuffer) {
    this.#shared = counters;
    this.#slots = new Uint8Array(slots);
    this.#count = slots.byteLength / slotBytes;
  }

  readonly write = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length; ) {
      if (this.#at === 0) this.#waitForSlot();
      const length = Math.min(slotBytes - this.#at, bytes.length - at);
      this.#slots.set(bytes.subarray(at, at + length), (this.#filled % this.#count) * slotBytes + this.#at);
      this.#at += length;
      at += length;
      if (this.#at === slotBytes) this.flush();
    }
  };

  flush(): void {
    if (this.#at === 0) return;
    parentPort?.postMessage({ kind: "piece", bytes: this.#at } satisfies ConvertMessage);
    this.#filled++;
    this.#at = 0;
  }

  #waitForSlot(): void {
    for (;;) {
      if (Atomics.load(this.#shared, Counter.cancelled) === 1) throw new Cancelled();
      const freed = Atomics.load(this.#shared, Counter.freed);
      if (this.#filled - freed < this.#count) return;
      Atomics.wait(this.#shared, Counter.freed, freed, 500);
    }
  }
}

function convert({ path, counters, slots, from, ...options }: ConvertOrder): void {
  const shared = new Int32Array(counters);
  const out = new SlotWriter(shared, slots);
  const write = { ...options, write: out.write };
  const read = (take: (bytes: Uint8Array) => void, onRead: (bytes: number) => void): void => {
    const file = openSync(path, "r");
    try {
      for (let bytes = 1; bytes > 0; ) {
        if (Atomics.load(shared, Counter.cancelled) === 1) throw new Cancelled();
        bytes = readSync(file, buffer, 0, buffer.length, null);
        take(buffer.subarray(0, bytes));
        onRead(bytes);
      }
    } finally {
      closeSync(file);
    }
  };
  // Which messages of a v1 archive are live is known at its end only, so it is read twice.
  const converter =
    from === "v2" ? new V1Converter(write, taskKernels()) : new V1Rewriter({ ...write, live: liveIn(read) });
  read(
    (bytes) => converter.push(bytes),
    // In KiB, so that an i32 holds it.
    (bytes) => Atomics.add(shared, Counter.sourceKiB, Math.round(bytes / 1024)),
  );
  converter.end();
  out.flush();
}

function liveIn(read: (take: (bytes: Uint8Array) => void, onRead: () => void) => void): SequenceRanges {
  const inspector = new ArchiveInspector({}, taskKernels());
  read(
    (bytes) => inspector.push(bytes),
    () => {},
  );
  return inspector.end().live.ranges;
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
