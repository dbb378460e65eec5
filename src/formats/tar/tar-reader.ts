import { MalformedBytes } from "../byte-reader.ts";
import { damaged } from "../damaged.ts";
import { need, type Parsing, skipZeros } from "../parsing.ts";
import type { Window } from "../window.ts";
import { decodePaxRecords, type PaxRecords } from "./pax-records.ts";
import { decodeTarHeader, type TarHeader, tarBlockBytes, tarPadding } from "./tar-header.ts";

/** One file of a tar. Its content follows in the window: `size` bytes, then `padding` zero bytes. */
export interface TarEntry {
  readonly name: string;
  readonly size: number;
  /** "0" for a regular file. */
  readonly type: string;
  readonly padding: number;
  /** Of the header, in the decoded archive. */
  readonly offset: number;
}

/** The most bytes of an extended header. */
const maxPaxBytes = 1024 * 1024;

/**
 * Reads headers up to the next file; undefined at the end of the tar, two blocks of zeros, which are consumed. The caller
 * consumes the content, and the padding with {@link endTarEntry}.
 *
 * Source: POSIX.1-2001 pax interchange format, as Go's archive/tar writes it. Throws ARCHIVE_DAMAGED.
 */
export function* nextTarEntry(window: Window): Parsing<TarEntry | undefined> {
  const offset = window.consumedBytes;
  let pax: PaxRecords = {};
  for (let isExtended = false; ; isExtended = true) {
    const at = window.consumedBytes;
    yield* need(window, tarBlockBytes);
    if (window.slice(0, tarBlockBytes).every((byte) => byte === 0)) {
      if (isExtended) throw damaged("the tar ends behind an extended header", { offset: at });
      yield* need(window, 2 * tarBlockBytes);
      if (!(yield* skipZeros(window, 2 * tarBlockBytes)))
        throw damaged("the end of the tar is not two zero blocks", { offset: at });
      return undefined;
    }
    const header = place(at, () => decodeTarHeader(window.slice(0, tarBlockBytes)));
    window.consume(tarBlockBytes);
    if (header.type !== "x" && header.type !== "g") return file(header, pax, offset, at);
    if (header.size > maxPaxBytes) throw damaged(`an extended tar header of ${header.size} bytes`, { offset: at });
    yield* need(window, header.size);
    const records = place(at, () => decodePaxRecords(window.slice(0, header.size)));
    window.consume(header.size);
    if (header.type === "x") pax = { ...pax, ...records };
    yield* endTarEntry(window, { name: header.name, padding: tarPadding(header.size) });
  }
}

/** Consumes the padding behind a content. Throws ARCHIVE_DAMAGED when it is not all zeros. */
export function* endTarEntry(window: Window, entry: Pick<TarEntry, "name" | "padding">): Parsing {
  const offset = window.consumedBytes;
  if (!(yield* skipZeros(window, entry.padding)))
    throw damaged("the padding is not all zeros", { entry: entry.name, offset });
}

function file(header: TarHeader, pax: PaxRecords, offset: number, at: number): TarEntry {
  const name = (pax.path ?? header.name).replace(/^(\.\/)+/, "");
  const size = pax.size ?? header.size;
  // Both are written from one time, so a difference is a byte that changed. Times too large for the header are zero there.
  if (pax.mtime !== undefined && header.mtime > 0 && Number(pax.mtime.split(".", 1)[0]) !== header.mtime) {
    throw damaged("the two times of a tar header differ", { entry: name, offset: at });
  }
  return { name, size, type: header.type, padding: tarPadding(size), offset };
}

function place<T>(offset: number, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof MalformedBytes) throw damaged(error.message, { offset }, error);
    throw error;
  }
}
