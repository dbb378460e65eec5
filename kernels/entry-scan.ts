// Scans message entries of a NATSARC1 archive into columns. Source: nats-server server/archive/archive.go:
//   uvarint name length, zigzag varint time, uvarint sequence, uvarint header size, uvarint payload size, name, header, payload.
import { hasTtl } from "./record-scan";

const MAX_NAME: u64 = 1024 * 1024;
const MAX_BODY: u64 = 65 * 1024 * 1024;

/** Why a scan stopped: 0 end, 1 incomplete, 2 rows full, 3 bad length, 5 the closing entry (five zero bytes) is next. */
export let entryStop: i32 = 0;
export let entryNeed: usize = 0;
export let entryCount: i32 = 0;

let cursor: usize = 0;
let broken: i32 = 0; // 1 incomplete, 3 malformed

function uvarint(end: usize): u64 {
  let value: u64 = 0;
  let shift: u64 = 0;
  let p = cursor;
  for (let k = 0; k < 10; k++) {
    if (p >= end) { broken = 1; return 0; }
    const b: u64 = load<u8>(p++);
    if (k == 9 && b > 1) { broken = 3; return 0; }
    value |= (b & 0x7f) << shift;
    if (b < 0x80) { cursor = p; return value; }
    shift += 7;
  }
  broken = 3;
  return 0;
}

/**
 * Columns: sequence f64, timestamp i64, flags u8 (4 headers, 8 Nats-TTL), offset u32 (of the name), name length u32,
 * header length u32, payload length u32. Stops before an entry with sequence 0.
 */
export function scanEntries(
  from: usize, end: usize, rows: i32,
  sequences: usize, times: usize, flags: usize, offsets: usize, names: usize, headers: usize, payloads: usize,
): usize {
  let n: i32 = 0;
  let i = from;
  entryStop = 0;
  entryNeed = 0;
  while (i < end) {
    if (n == rows) { entryStop = 2; break; }
    cursor = i;
    broken = 0;
    const name = uvarint(end);
    const zigzag = broken ? 0 : uvarint(end);
    const sequence = broken ? 0 : uvarint(end);
    const header = broken ? 0 : uvarint(end);
    const payload = broken ? 0 : uvarint(end);
    if (broken == 1) { entryStop = 1; entryNeed = end - i + 1; break; }
    if (broken == 3) { entryStop = 3; break; }
    if (sequence == 0) { entryStop = 5; break; }
    if (name > MAX_NAME || header > MAX_BODY || payload > MAX_BODY || header + payload > MAX_BODY || sequence > 0x1fffffffffffff) {
      entryStop = 3;
      break;
    }
    const body = (name + header + payload) as usize;
    if (body > end - cursor) { entryStop = 1; entryNeed = cursor - i + body; break; }
    let flag: u32 = 0;
    if (header > 0) {
      flag = 4;
      const at = cursor + (name as usize);
      if (hasTtl(at, at + (header as usize))) flag |= 8;
    }
    store<f64>(sequences + (n << 3), sequence as f64);
    store<i64>(times + (n << 3), ((zigzag >> 1) as i64) ^ -((zigzag & 1) as i64));
    store<u8>(flags + n, flag);
    store<u32>(offsets + (n << 2), cursor as u32);
    store<u32>(names + (n << 2), name as u32);
    store<u32>(headers + (n << 2), header as u32);
    store<u32>(payloads + (n << 2), payload as u32);
    n++;
    i = cursor + body;
  }
  entryCount = n;
  return i;
}
