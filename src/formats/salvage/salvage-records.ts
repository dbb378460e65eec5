import { blockKey } from "../filestore/highway-keys.ts";
import type { Kernels, RecordRows } from "../kernels/kernels.ts";
import type { Parsing } from "../parsing.ts";
import { maxHeldBytes, type SalvageInput } from "./salvage-input.ts";

/** Records in a row, each with a right checksum. */
export interface SalvagedRecords {
  readonly kernels: Kernels;
  readonly rows: RecordRows;
  readonly count: number;
  /** In the decoded archive. */
  readonly offset: number;
  /** A view of them, valid during the call. */
  readonly bytes: Uint8Array;
}

export interface RecordSink {
  records(records: SalvagedRecords): void;
  /** `bytes` bytes, from `at` of the block on, are no records that can be read. */
  lost(bytes: number, at: number, what: string): void;
}

const smallestRecord = 30;

/** Bytes that are hashed to find the next record behind damage, before the rest of a block is given up. */
const searchBudget = 1024 * 1024 * 1024;

/**
 * Reads the records of `msgs/<block>.blk`, `size` bytes, and passes over those that cannot be read: to where the next one
 * begins by the damaged one's length, or to the next place from which on a checksum is right.
 */
export function* salvageRecords(
  input: SalvageInput,
  rows: RecordRows,
  place: { readonly stream: string; readonly block: number; readonly size: number },
  sink: RecordSink,
): Parsing {
  const { window } = input;
  const { kernels } = window;
  const key = blockKey(place.stream, place.block);
  for (let rest = place.size; rest > 0; ) {
    const wanted = Math.min(rest, maxHeldBytes);
    const have = yield* input.upTo(wanted);
    if (have === 0) {
      sink.lost(0, place.size - rest, "the archive ends inside");
      return;
    }
    const { start } = window;
    const end = start + have;
    kernels.setHighwayKey(key);
    const scan = kernels.scanRecords(start, end, rows, true);
    if (scan.count > 0) {
      const bytes = window.slice(0, scan.next - start);
      sink.records({ kernels, rows, count: scan.count, offset: window.consumedBytes, bytes });
      window.consume(bytes.length);
      rest -= bytes.length;
      continue;
    }
    const next = nextRecord(kernels, rows, start, end);
    sink.lost(next - start, place.size - rest, why(scan.stop));
    window.consume(next - start);
    rest -= next - start;
  }
}

function why(stop: string): string {
  if (stop === "bad-hash") return "a record has a wrong checksum";
  return stop === "incomplete"
    ? "a record is cut off by the block's end"
    : "a record has an impossible length or sequence";
}

/** Address of the next sound record behind the one at `start`, or `end`. */
function nextRecord(kernels: Kernels, rows: RecordRows, start: number, end: number): number {
  const begins = (at: number): boolean => kernels.scanRecords(at, end, rows, true).count > 0;
  const stated = start + lengthAt(kernels.view, start, end);
  if (stated >= start + smallestRecord && (stated === end || (stated < end && begins(stated)))) return stated;
  let hashed = 0;
  for (let at = start + 1; at + smallestRecord <= end; at++) {
    const length = lengthAt(kernels.view, at, end);
    if (length < smallestRecord || at + length > end) continue;
    // Most numbers that look like a length are followed by what is no sequence.
    if ((kernels.view.getUint32(at + 8, true) & 0x3fe00000) !== 0) continue;
    hashed += length;
    if (hashed > searchBudget) return end;
    if (begins(at)) return at;
  }
  return end;
}

function lengthAt(view: DataView, at: number, end: number): number {
  return at + 4 > end ? 0 : view.getUint32(at, true) & 0x7fffffff;
}
