import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, open, readFile, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { RelightError } from "../../errors.ts";
import { Kernels } from "../../formats/kernels/kernels.ts";
import { S2Encoder } from "../../formats/s2/s2-encoder.ts";
import { tarPadding } from "../../formats/tar/tar-header.ts";
import { endTarEntry, nextTarEntry } from "../../formats/tar/tar-reader.ts";
import { tarEnd, tarFileHeader } from "../../formats/tar/tar-writer.ts";
import { Window } from "../../formats/window.ts";

/** Also with --salvage. */
const hint = "Use another backup: nothing is read of a .tgz that cannot be unpacked.";

/** A file of a stream's directory, kept aside while the rest of the tar is read. */
interface KeptFile {
  readonly name: string;
  readonly size: number;
  readonly path: string;
}

/**
 * Turns the data of the older CLI's layout, a gzip tar of a stream's directory, into a snapshot that servers take: the
 * same files in the order of a server's own snapshot, without directories, without a directory in front of their names,
 * and with nothing behind the end of the tar.
 *
 * Throws ARCHIVE_DAMAGED (the gzip or the tar), BACKUP_INVALID (not a stream's directory), FILE_SYSTEM.
 */
export async function unpackTgz(source: string, target: string): Promise<{ bytes: number; stream: string }> {
  const scratch = await mkdtemp(join(dirname(target), "files-"));
  try {
    const files = await unpackFiles(source, scratch);
    const meta = files.find((file) => file.name === "meta.inf");
    if (!meta) {
      throw new RelightError("BACKUP_INVALID", `${source} holds no meta.inf: it is not a stream's directory`, {
        context: { path: source },
      });
    }
    const stream = streamName(await readFile(meta.path, "utf8"), source);
    files.sort(
      (a, b) =>
        place(a.name) - place(b.name) || blockNumber(a.name) - blockNumber(b.name) || (a.name < b.name ? -1 : 1),
    );
    await pipeline(Readable.from(snapshotOf(files)), createWriteStream(target, { flags: "wx" }));
    return { bytes: (await stat(target)).size, stream };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function unpackFiles(source: string, scratch: string): Promise<KeptFile[]> {
  const window = new Window(Kernels.create());
  const files: { name: string; size: number; path: string }[] = [];
  let ended = false;
  // Writes are synchronous in effect: what the parser hands out is queued and written before the next piece is parsed.
  const queue: { path: string; bytes: Uint8Array }[] = [];
  function* parse(): Generator<void, void, void> {
    for (;;) {
      const entry = yield* nextTarEntry(window);
      if (!entry) return;
      const keep = entry.type === "0" || entry.type === "\0";
      const path = join(scratch, String(files.length));
      if (keep) {
        files.push({ name: entry.name, size: entry.size, path });
        queue.push({ path, bytes: new Uint8Array() });
      }
      for (let left = entry.size; left > 0; ) {
        while (window.length === 0) yield;
        const count = Math.min(left, window.length);
        if (keep) queue.push({ path, bytes: window.slice(0, count).slice() });
        window.consume(count);
        left -= count;
      }
      yield* endTarEntry(window, entry);
    }
  }
  const parser = parse();
  try {
    for await (const piece of createReadStream(source).pipe(createGunzip())) {
      // GNU tar fills its last record with zeros, so what follows the end is looked at no further.
      if (ended) continue;
      const bytes = piece as Uint8Array;
      const at = window.reserve(bytes.length);
      window.kernels.bytes.set(bytes, at);
      window.commit(bytes.length);
      ended = parser.next().done === true;
      await writeAll(queue.splice(0));
    }
  } catch (error) {
    if (error instanceof RelightError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new RelightError("ARCHIVE_DAMAGED", `${source}: ${reason}`, {
      cause: error,
      context: { path: source },
      hint,
    });
  }
  if (!ended) {
    throw new RelightError("ARCHIVE_DAMAGED", `${source} is cut off: the end of the tar is missing`, {
      context: { path: source },
      hint,
    });
  }
  return withoutFront(files);
}

async function writeAll(pieces: readonly { readonly path: string; readonly bytes: Uint8Array }[]): Promise<void> {
  for (let index = 0; index < pieces.length; ) {
    const path = (pieces[index] as { path: string }).path;
    const file = await open(path, "a", 0o600);
    try {
      for (; index < pieces.length && pieces[index]?.path === path; index++) {
        await file.appendFile((pieces[index] as { bytes: Uint8Array }).bytes);
      }
    } finally {
      await file.close();
    }
  }
}

/** Removes the directory that all files lie in: `meta.inf` may be `ORDERS/meta.inf`. */
function withoutFront(files: readonly KeptFile[]): KeptFile[] {
  const meta = files
    .map((file) => file.name)
    .filter((name) => /(^|\/)meta\.inf$/.test(name) && !/(^|\/)obs\//.test(name))
    .sort((a, b) => a.length - b.length)[0];
  const front = meta?.slice(0, -"meta.inf".length) ?? "";
  return files
    .filter((file) => file.name.startsWith(front))
    .map((file) => ({ ...file, name: file.name.slice(front.length) }));
}

/** The order of a server's own snapshot: configuration, blocks, index, consumers. */
function place(name: string): number {
  if (name === "meta.inf") return 0;
  if (name === "meta.sum") return 1;
  if (name === "msgs/index.db") return 3;
  if (name.startsWith("msgs/")) return 2;
  return 4;
}

function blockNumber(name: string): number {
  const match = /^msgs\/(\d+)\.(blk|idx|fss)$/.exec(name);
  // An index comes before its block.
  return match ? Number(match[1]) + (match[2] === "blk" ? 0.5 : 0) : 0;
}

async function* snapshotOf(files: readonly KeptFile[]): AsyncGenerator<Uint8Array> {
  const encoder = new S2Encoder();
  for (const { name, size, path } of files) {
    yield* encoder.push(tarFileHeader({ name, size }));
    if (size > 0) {
      for await (const piece of createReadStream(path, { highWaterMark: 1024 * 1024 })) yield* encoder.push(piece);
    }
    yield* encoder.push(new Uint8Array(tarPadding(size)));
  }
  yield* encoder.push(tarEnd());
  yield* encoder.end();
}

function streamName(text: string, source: string): string {
  try {
    const { name } = JSON.parse(text) as { name?: unknown };
    if (typeof name === "string") return name;
  } catch {
    // Reported below.
  }
  throw new RelightError("ARCHIVE_DAMAGED", `${source}: meta.inf does not name a stream`, {
    context: { path: source },
  });
}
