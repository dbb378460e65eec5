import { MalformedBytes } from "../byte-reader.ts";
import { decodeEntryHead, isSentinel, maxHeadBytes } from "../natsarc/entry-head.ts";
import type { Window } from "../window.ts";

/** An entry of a v2 archive as it lies in a window. */
export interface EntrySpan {
  /** All of it. */
  readonly bytes: number;
  readonly sequence: number;
  readonly time: bigint;
  readonly name: string;
  readonly payloadBytes: number;
  /** They begin as NATS headers do, or there are none. */
  readonly headersLookRight: boolean;
}

/** Longer than any entry. */
const maxEntryBytes = 66 * 1024 * 1024;

const utf8 = new TextDecoder();

/**
 * The entry `at` bytes ahead in the window, as far as it is there: of one that is not all there, name and headers may be
 * cut. "end" for the end marker, "short" where not even a head is there, undefined where no entry can be.
 */
export function spanAt(window: Window, at: number): EntrySpan | "end" | "short" | undefined {
  const have = window.length - at;
  try {
    const head = decodeEntryHead(window.slice(at, Math.min(Math.max(have, 0), maxHeadBytes)));
    if (head === undefined) return "short";
    if (isSentinel(head)) return "end";
    const { nameBytes, headerBytes, payloadBytes, headBytes, sequence, timestamp } = head;
    const bytes = headBytes + nameBytes + headerBytes + payloadBytes;
    if (bytes > maxEntryBytes || nameBytes === 0) return undefined;
    const name = utf8.decode(window.slice(at + headBytes, Math.min(nameBytes, Math.max(0, have - headBytes))));
    const headers = at + headBytes + nameBytes;
    const isThere = have >= headBytes + nameBytes + 8;
    const headersLookRight = headerBytes === 0 || !isThere || utf8.decode(window.slice(headers, 8)) === "NATS/1.0";
    return { bytes, sequence, time: timestamp, name, payloadBytes, headersLookRight };
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined;
    throw error;
  }
}
