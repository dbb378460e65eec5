import { blockKey } from "../filestore/highway-keys.ts";
import type { RecordRows, Scan } from "../kernels/kernels.ts";
import type { Parsing } from "../parsing.ts";
import type { V1Sink } from "./archive-sink.ts";
import type { WalkContext } from "./walk-context.ts";

/**
 * Reads the records of `msgs/<block>.blk`, `size` bytes, in batches, and verifies every one of them, unless that is to be done
 * when they are read again. Never holds more of a
 * block than is in the window. Throws ARCHIVE_DAMAGED: a length that cannot be, a wrong checksum, a record that is cut.
 */
export function* walkBlock(
  context: WalkContext,
  sink: V1Sink,
  rows: RecordRows,
  stream: string,
  block: number,
  size: number,
): Parsing {
  const { window } = context;
  const { kernels } = window;
  const key = blockKey(stream, block);
  sink.blockStart(block);
  let lastChecksum = 0n;
  for (let rest = size; rest > 0; ) {
    const end = window.start + Math.min(window.length, rest);
    // Each time anew: who takes the records may write others with the same kernels.
    kernels.setHighwayKey(key);
    const scan = kernels.scanRecords(window.start, end, rows, context.verifyRecords);
    if (scan.count > 0) {
      const { start } = window;
      sink.records({ kernels, rows, count: scan.count, start, offset: window.consumedBytes, block });
      lastChecksum = kernels.view.getBigUint64(scan.next - 8, true);
      rest -= scan.next - start;
      window.consume(scan.next - start);
    }
    if (scan.stop === "full" || rest === 0) continue;
    checkStop(context, scan, rest, size);
    const needed = scan.stop === "incomplete" ? scan.need : 1;
    while (window.length < needed) yield;
  }
  sink.blockEnd(block, size, lastChecksum);
}

function checkStop(context: WalkContext, scan: Scan, rest: number, size: number): void {
  const at = `the record at ${size - rest} of the block`;
  if (scan.stop === "bad-hash") throw context.damaged(`${at} has a wrong checksum`);
  if (scan.stop === "bad-length") throw context.damaged(`${at} has an impossible length or sequence`);
  if (scan.stop === "incomplete" && scan.need > rest) throw context.damaged(`${at} is cut off by the block's end`);
}
