/** The worker that edits an archive: it reads one file, as often as it takes, and writes another. It blocks its own thread only. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { isRelightError, RelightError } from "../../errors.ts";
import { type ArchiveOutline, outlineArchive } from "../../formats/archive/archive-outline.ts";
import { Obfuscator } from "../../formats/edit/obfuscator.ts";
import { Misforeseen, type ReadArchive, runEdit } from "../../formats/edit/run-edit.ts";
import { Kernels } from "../../formats/kernels/kernels.ts";
import { taskKernels } from "../workers/kept-kernels.ts";
import { type EditAnswer, EditCounter, type EditOrder } from "./edit-protocol.ts";
import { PackedFile } from "./packed-file.ts";

const buffer = new Uint8Array(1024 * 1024);

function edit(order: EditOrder): EditAnswer {
  const { path, from, out, spec, format, config, lastSequence, atStart, known, keys, emptyAsIn29 } = order;
  const counters = new Int32Array(order.counters);
  const obfuscate = keys ? Obfuscator.fromKeyFile(JSON.stringify(keys), "the key file") : undefined;
  let { created } = order;
  const file = out === undefined ? undefined : new PackedFile(out, Kernels.create(), order, counters);
  try {
    const { report, head } = runEdit({
      read: reader(path, counters),
      from,
      incomplete: order.salvaged,
      spec,
      obfuscate,
      lastSequence,
      atStart,
      known,
      target: (stream) => {
        created ||= stream?.created;
        return { format, config, created: created || new Date().toISOString(), emptyAsIn29, compress: false };
      },
      output: file
        ? {
            write: (piece) => file.write(piece),
            writeHead: (head, likely) => file.writeHead(head, likely),
          }
        : {},
      kernels: taskKernels,
      // The file appears only when all is done.
      verifyAtTheEnd: true,
      foresee: order.foresee ? () => outlineOf(path) : undefined,
    });
    file?.finish(head);
    const headReplaced = head !== undefined;
    const unnoted = obfuscate?.unnoted ?? 0;
    return {
      kind: "done",
      report,
      created,
      headReplaced,
      unnoted,
      ...(obfuscate ? { keyFile: new TextEncoder().encode(obfuscate.keyFileText()) } : {}),
    };
  } finally {
    file?.close();
  }
}

function outlineOf(path: string): ArchiveOutline | undefined {
  const source = openSync(path, "r");
  try {
    const read = (at: number, length: number): Uint8Array => {
      const bytes = length <= buffer.length ? buffer.subarray(0, length) : new Uint8Array(length);
      for (let have = 0; have < length; ) {
        const count = readSync(source, bytes, have, length - have, at + have);
        if (count === 0) throw new RelightError("ARCHIVE_DAMAGED", "the file became shorter while it was read");
        have += count;
      }
      return bytes;
    };
    return outlineArchive({ size: fstatSync(source).size, read }, taskKernels());
  } finally {
    closeSync(source);
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

function answer(order: EditOrder): EditAnswer {
  try {
    return edit(order);
  } catch (error) {
    if (error instanceof Misforeseen) return { kind: "again" };
    // Errors lose their class on the way between threads, so the parts travel.
    if (isRelightError(error))
      return { kind: "error", code: error.code, message: error.message, context: { ...error.context } };
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { kind: "error", code: "INTERNAL", message };
  }
}

parentPort?.on("message", (order: EditOrder) => parentPort?.postMessage(answer(order)));
