// Scans message entries of a NATSARC1 archive into columns. Source: nats-server server/archive/archive.go:
//   uvarint name length, zigzag varint time, uvarint sequence, uvarint header size, uvarint payload size, name, header, payload.
import { hasTtl } from "./ttl-header";

/** The server's own limit of a name (`maxNameLen`). */
const MAX_NAME: u64 = 1024 * 1024;
/** Header and payload together: the server's largest `max_payload`, 64 MiB, and as much more as no header has. */
const MAX_BODY: u64 = 65 * 1024 * 1024;
const MAX_SEQUENCE: u64 = 0x1f_ffff_ffff_ffff; // what a float64 holds exactly

/** Why a scan stopped: 0 end, 1 incomplete, 2 rows full, 3 bad length, 5 an entry with sequence 0 is next. */
export let entryStop: i32 = 0;
/** With stop 1: bytes that the entry needs in all, as far as it is known. */
export let entryNeed: usize = 0;
/** Rows written. */
export let entryCount: i32 = 0;

/** Where the next uvarint begins. */
let cursor: usize = 0;
/** 1 once a uvarint was cut off, 3 once one was no u64. */
let broken: i32 = 0;

function longUvarint(end: usize): u64 {
  let value: u64 = 0;
  for (let k: u64 = 0; k < 10; k++) {
    if (cursor >= end) { broken = 1; return 0; }
    const b: u64 = load<u8>(cursor++);
    if (k == 9 && b > 1) break;
    value |= (b & 0x7f) << (k * 7);
    if (b < 0x80) return value;
  }
  broken = 3;
  return 0;
}

// @ts-ignore: decorator
@inline function uvarint(end: usize): u64 {
  if (broken != 0) return 0;
  if (cursor < end) {
    const b: u64 = load<u8>(cursor);
    if (b < 0x80) { cursor++; return b; }
  }
  return longUvarint(end);
}

/**
 * Scans from `from`. Columns are arrays of `rows` elements: sequence f64, time i64, flags u8 (4 header, 8 Nats-TTL),
 * address of the name u32, name length u32, header length u32, payload length u32. Returns the address after the last
 * complete entry. Stops before an entry with sequence 0, which is no message: the state, a consumer, or the closing one.
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
    const zigzag = uvarint(end);
    const sequence = uvarint(end);
    const header = uvarint(end);
    const payload = uvarint(end);
    if (broken != 0) {
      entryStop = broken;
      if (broken == 1) entryNeed = end - i + 1;
      break;
    }
    if (sequence == 0) { entryStop = 5; break; }
    // Each by itself first: the sum of two larger ones could wrap.
    if (sequence > MAX_SEQUENCE || name > MAX_NAME || header > MAX_BODY || payload > MAX_BODY || header + payload > MAX_BODY) {
      entryStop = 3;
      break;
    }
    const size = (name + header + payload) as usize;
    if (size > end - cursor) { entryStop = 1; entryNeed = cursor - i + size; break; }
    let flag: u32 = 0;
    if (header > 0) {
      const at = cursor + (name as usize);
      flag = hasTtl(at, at + (header as usize)) ? 12 : 4;
    }
    store<f64>(sequences + (n << 3), sequence as f64);
    store<i64>(times + (n << 3), ((zigzag >> 1) as i64) ^ -((zigzag & 1) as i64));
    store<u8>(flags + n, flag);
    store<u32>(offsets + (n << 2), cursor as u32);
    store<u32>(names + (n << 2), name as u32);
    store<u32>(headers + (n << 2), header as u32);
    store<u32>(payloads + (n << 2), payload as u32);
    n++;
    i = cursor + size;
  }
  entryCount = n;
  return i;
}
