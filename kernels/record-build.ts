// Builds filestore records from scanned NATSARC1 entries: the inverse of record-scan, for a whole batch in one call.
// The record's layout is described there. A gap in the sequences is filled with 30-byte records that mark a skipped sequence
// (bit 63), as the server itself writes them, or left to the caller, who begins another block.
import { highwayHash } from "./highwayhash";

const SCRATCH: usize = memory.data(64, 16);
const SKIPPED: u64 = 0x8000_0000_0000_0000;

/** Why a build stopped: 0 all rows are in, 1 the block is full, 2 the gap before the next row is too large. */
export let buildStop: i32 = 0;
/** Rows that were taken. */
export let buildRows: i32 = 0;

function writeSkipped(out: usize, sequence: u64, time: i64): void {
  store<u32>(out, 30);
  store<u64>(out, sequence | SKIPPED, 4);
  store<i64>(out, time, 12);
  store<u16>(out, 0, 20);
  v128.store(SCRATCH, v128.load(out, 4));
  store<u64>(out, highwayHash(0, 0, SCRATCH, 16), 22);
}

/** Writes one record that marks a skipped sequence; returns the address behind it. */
export function buildSkipped(out: usize, sequence: f64, time: i64): usize {
  writeSkipped(out, sequence as u64, time);
  return out + 30;
}

/**
 * Builds records of the rows `from` to `rows` at `out`, as long as they end at or before `outEnd`. `last` is the sequence
 * before the first row, 0 at the beginning of a block. Returns the address behind the last record.
 */
export function buildRecords(
  from: i32, rows: i32, out: usize, outEnd: usize, last: f64, maxFill: f64,
  sequences: usize, times: usize, flags: usize, offsets: usize, names: usize, headers: usize, payloads: usize,
): usize {
  let row = from;
  let d = out;
  let before = last;
  buildStop = 0;
  for (; row < rows; row++) {
    const sequence = load<f64>(sequences + (row << 3));
    const time = load<i64>(times + (row << 3));
    const gap = before > 0 ? sequence - before - 1 : 0;
    if (gap > maxFill) { buildStop = 2; break; }
    const subject = load<u32>(names + (row << 2)) as usize;
    const header = load<u32>(headers + (row << 2)) as usize;
    const payload = load<u32>(payloads + (row << 2)) as usize;
    const has: usize = header > 0 ? 1 : 0;
    const body = subject + header + payload;
    const len = 30 + body + (has << 2);
    if (d + len + 30 * (gap as usize) > outEnd) { buildStop = 1; break; }
    for (let skipped = before + 1; before > 0 && skipped < sequence; skipped++) {
      writeSkipped(d, skipped as u64, time);
      d += 30;
    }
    const src = load<u32>(offsets + (row << 2)) as usize;
    store<u32>(d, (len as u32) | ((has as u32) << 31));
    store<u64>(d, sequence as u64, 4);
    store<i64>(d, time, 12);
    store<u16>(d, subject as u16, 20);
    if (has) {
      memory.copy(d + 22, src, subject);
      store<u32>(d + 22 + subject, header as u32);
      memory.copy(d + 26 + subject, src + subject, header + payload);
    } else {
      memory.copy(d + 22, src, body);
    }
    // Subject, header and payload lie side by side in the entry, just as they are hashed.
    let hash: u64;
    v128.store(SCRATCH, v128.load(d, 4));
    if (body >= 16) {
      v128.store(SCRATCH, v128.load(src), 16);
      hash = highwayHash(SCRATCH, 32, src + 16, body - 16);
    } else {
      memory.copy(SCRATCH + 16, src, body);
      hash = highwayHash(0, 0, SCRATCH, 16 + body);
    }
    store<u64>(d + len - 8, hash);
    d += len;
    before = sequence;
  }
  buildRows = row - from;
  return d;
}
