import { type FileHandle, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { damaged } from "../../formats/damaged.ts";
import { Kernels } from "../../formats/kernels/kernels.ts";
import type { Parsing } from "../../formats/parsing.ts";
import { S2Decoder } from "../../formats/s2/s2-decoder.ts";
import { endTarEntry, nextTarEntry } from "../../formats/tar/tar-reader.ts";
import { Window } from "../../formats/window.ts";
import { makeDirectory } from "../files/make-directory.ts";
import { fileSystemError } from "../files/staged-directory.ts";
import { segmentFault } from "./safe-names.ts";

/** What the parser found, to be written before it goes on. */
type Step = { readonly begin: string } | { readonly bytes: Uint8Array } | "end";

/**
 * Writes the files of a v1 archive, which comes piece by piece, into `directory`, below which all of them stay. Returns the
 * bytes written. Throws ARCHIVE_DAMAGED, FILE_SYSTEM, and what the source throws; what was written until then stays.
 */
export async function unpackStoreFiles(source: AsyncIterable<Uint8Array>, directory: string): Promise<number> {
  const window = new Window(Kernels.create());
  const decoder = new S2Decoder(window);
  const steps: Step[] = [];
  const parser = parse(window, steps);
  const files = new FileWriter(directory);
  let ended = false;
  try {
    for await (const piece of source) {
      for (let at = 0; at < piece.length; ) {
        at += decoder.push(piece.subarray(at));
        ended ||= parser.next().done === true;
        for (const step of steps.splice(0)) await files.take(step);
      }
    }
  } finally {
    await files.close();
  }
  decoder.end();
  if (!ended) throw damaged("the end of the tar is missing", { offset: window.consumedBytes });
  return files.bytes;
}

function* parse(window: Window, steps: Step[]): Parsing {
  for (;;) {
    const entry = yield* nextTarEntry(window);
    if (!entry) return;
    if (!isStoreFile(entry.name)) throw damaged("no file of a stream", { entry: entry.name, offset: entry.offset });
    steps.push({ begin: entry.name });
    for (let left = entry.size; left > 0; ) {
      while (window.length === 0) yield;
      const count = Math.min(left, window.length);
      steps.push({ bytes: window.slice(0, count).slice() });
      window.consume(count);
      left -= count;
    }
    steps.push("end");
    yield* endTarEntry(window, entry);
  }
}

/** Names of consumers come from the archive as they are: none may lead out of the directory. */
function isStoreFile(name: string): boolean {
  if (/^(?:meta\.(?:inf|sum)|sources\.db|msgs\/(?:\d+\.blk|index\.db))$/.test(name)) return true;
  const [, consumer] = /^obs\/([^/]+)\/(?:meta\.inf|meta\.sum|o\.dat)$/.exec(name) ?? [];
  return consumer !== undefined && segmentFault(consumer) === undefined;
}

class FileWriter {
  readonly #directory: string;
  #file: FileHandle | undefined;
  #path = "";
  bytes = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async take(step: Step): Promise<void> {
    try {
      if (step === "end") await this.close();
      else if ("begin" in step) await this.#begin(join(this.#directory, step.begin));
      else {
        await this.#file?.appendFile(step.bytes);
        this.bytes += step.bytes.length;
      }
    } catch (error) {
      throw fileSystemError(`cannot write ${this.#path}`, error);
    }
  }

  async #begin(path: string): Promise<void> {
    this.#path = path;
    await makeDirectory(dirname(path));
    this.#file = await open(path, "wx", 0o600);
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }
}
