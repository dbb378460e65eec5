import { type Parsing, skip } from "../formats/parsing.ts";
import { endTarEntry, nextTarEntry } from "../formats/tar/tar-reader.ts";
import type { Window } from "../formats/window.ts";
import { feedParser } from "./feed-parser.ts";

/** Where one file of a tar lies: headers from `offset` on, content from `content` on, up to `end` with its padding. */
export interface TarLayout {
  readonly name: string;
  readonly offset: number;
  readonly content: number;
  readonly size: number;
  readonly end: number;
}

/** The layout of a whole tar. */
export function tarLayout(tar: Uint8Array): TarLayout[] {
  return feedParser(tar, layouts);
}

function* layouts(window: Window): Parsing<TarLayout[]> {
  const found: TarLayout[] = [];
  for (;;) {
    const entry = yield* nextTarEntry(window);
    if (entry === undefined) return found;
    const content = window.consumedBytes;
    yield* skip(window, entry.size);
    yield* endTarEntry(window, entry);
    found.push({ name: entry.name, offset: entry.offset, content, size: entry.size, end: window.consumedBytes });
  }
}

/** Offsets in a block's content where records begin. */
export function recordOffsets(block: Uint8Array): number[] {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const offsets: number[] = [];
  for (let at = 0; at < block.length; at += view.getUint32(at, true) & 0x7fffffff) offsets.push(at);
  return offsets;
}
