import { createReadStream, createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { Kernels } from "../../formats/kernels/kernels.ts";
import { S2Decoder } from "../../formats/s2/s2-decoder.ts";
import { Window } from "../../formats/window.ts";
import { fileSystemError } from "../files/staged-directory.ts";

/**
 * Turns a proven v1 snapshot into a gzip tar of the same files, named relative to the stream's directory:
 * `tar -xzf stream_S.tgz -C <store_dir>/jetstream/$G/streams/S` puts them where a stopped server finds them.
 * Throws FILE_SYSTEM, ARCHIVE_DAMAGED.
 */
export async function packTgz(snapshot: string, target: string): Promise<void> {
  try {
    await pipeline(
      Readable.from(decoded(snapshot)),
      createGzip({ level: 6 }),
      createWriteStream(target, { flags: "wx", mode: 0o600, flush: true }),
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall) throw fileSystemError(`cannot write ${target}`, error);
    throw error;
  }
}

async function* decoded(path: string): AsyncGenerator<Uint8Array> {
  const window = new Window(Kernels.create());
  const decoder = new S2Decoder(window);
  for await (const piece of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    const bytes = piece as Uint8Array;
    for (let at = 0; at < bytes.length; ) {
      at += decoder.push(bytes.subarray(at));
      if (window.length === 0) continue;
      yield window.slice(0, window.length).slice();
      window.consume(window.length);
    }
  }
  decoder.end();
}
