/** The worker that reads an archive and hands out a v1 archive, piece by piece, never far ahead of who takes them. */
import { closeSync, openSync, readSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { isRelightError } from "../../errors.ts";
import { runEdit } from "../../formats/edit/run-edit.ts";
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

function convert({ path, counters, slots, spec, lastSequence, ...target }: ConvertOrder): void {
  const shared = new Int32Array(counters);
  const out = new SlotWriter(shared, slots);
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
    spec,
    lastSequence,
    target: { ...target, format: "v1" },
    output: { write: out.write },
    kernels: taskKernels,
  });
  out.flush();
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
