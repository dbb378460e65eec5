// Scans records of a JetStream filestore block into columns; one call handles a whole batch.
// Record layout: nats-server server/filestore.go (`writeMsgRecordLocked`):
//   u32 length (bit 31: has headers), u64 sequence (bit 63: erased, bit 62: tombstone), i64 time, u16 subject length,
//   subject, [u32 header length, header], payload, u64 HighwayHash-64 over sequence..payload without the two lengths.
import { highwayHash } from "./highwayhash";
import { hasTtl } from "./ttl-header";

/** Larger records are damage: `rlBadThresh` of the server is 32 MiB; subject and header words come on top. */
const MAX_RECORD: usize = 32 * 1024 * 1024 + 64 * 1024;
const MAX_SEQUENCE: u64 = 0x1f_ffff_ffff_ffff; // what a float64 holds exactly
const FIXED: usize = 22;
const SMALLEST: usize = 30;

/** The front of a hashed input, where the record itself does not hold it in one piece. */
const FRONT: usize = memory.data(16 + 65535 + 32 + 128, 16);

/** Why a scan stopped: 0 end, 1 incomplete, 2 rows full, 3 bad length, 4 bad hash. */
export let recordStop: i32 = 0;
/** With stop 1: bytes that the record needs in all. */
export let recordNeed: usize = 0;
/** Rows written. */
export let recordCount: i32 = 0;

/** Hash of the record at `i` with these lengths, which fit each other. `has`: 1 with a header, else 0. */
// @ts-ignore: decorator
@inline function hashRecord(i: usize, subject: usize, body: usize, has: usize): u64 {
  v128.store(FRONT, v128.load(i, 4));
  if (has) {
    // The header's length word is not hashed: the front is put together up to a whole packet, the rest read in place.
    const front = 16 + subject;
    const rest = body - 4 - subject;
    const from = i + FIXED + 4 + subject;
    const fill: usize = (0 - front) & 31;
    memory.copy(FRONT + 16, i + FIXED, subject);
    if (rest <= fill) {
      memory.copy(FRONT + front, from, rest);
      return highwayHash(0, 0, FRONT, front + rest);
    }
    v128.store(FRONT + front, v128.load(from));
    v128.store(FRONT + front, v128.load(from, 16), 16);
    return highwayHash(FRONT, front + fill, from + fill, rest - fill);
  }
  // Without a header only the subject's length lies between the 16 bytes of sequence and time and the rest.
  v128.store(FRONT, v128.load(i + FIXED), 16);
  if (body >= 16) return highwayHash(FRONT, 32, i + FIXED + 16, body - 16);
  return highwayHash(0, 0, FRONT, 16 + body);
}

/**
 * Scans from `from`. Columns are arrays of `rows` elements: sequence f64, time i64, flags u8 (1 erased, 2 tombstone,
 * 4 header, 8 Nats-TTL), address of the record u32, subject length u16, header length u32, payload length u32. Returns
 * the address after the last complete, sound record. 64 bytes behind `end` must be readable.
 */
export function scanRecords(
  from: usize, end: usize, rows: i32, verify: bool,
  sequences: usize, times: usize, flags: usize, offsets: usize, subjects: usize, headers: usize, payloads: usize,
): usize {
  let n: i32 = 0;
  let i = from;
  recordStop = 0;
  recordNeed = 0;
  while (i < end) {
    if (n == rows) { recordStop = 2; break; }
    if (end - i < FIXED) { recordStop = 1; recordNeed = FIXED; break; }
    const word = load<u32>(i);
    const length = (word & 0x7fffffff) as usize;
    const subject = load<u16>(i, 20) as usize;
    const has = (word >>> 31) as usize;
    if (length < SMALLEST || length > MAX_RECORD || SMALLEST + subject + (has << 2) > length) { recordStop = 3; break; }
    const marked = load<u64>(i, 4);
    const sequence = marked & 0x3fff_ffff_ffff_ffff;
    if (sequence > MAX_SEQUENCE) { recordStop = 3; break; }
    if (length > end - i) { recordStop = 1; recordNeed = length; break; }
    const body = length - SMALLEST;
    let header: usize = 0;
    let flag = ((marked >> 63) | ((marked >> 61) & 2)) as u32;
    if (has) {
      header = load<u32>(i + FIXED + subject) as usize;
      if (header > body - 4 - subject) { recordStop = 3; break; }
      const at = i + FIXED + 4 + subject;
      flag |= hasTtl(at, at + header) ? 12 : 4;
    }
    if (verify && hashRecord(i, subject, body, has) != load<u64>(i + length - 8)) { recordStop = 4; break; }
    store<f64>(sequences + (n << 3), sequence as f64);
    store<i64>(times + (n << 3), load<i64>(i, 12));
    store<u8>(flags + n, flag);
    store<u32>(offsets + (n << 2), i as u32);
    store<u16>(subjects + (n << 1), subject as u16);
    store<u32>(headers + (n << 2), header as u32);
    store<u32>(payloads + (n << 2), (body - subject - (has << 2) - header) as u32);
    n++;
    i += length;
  }
  recordCount = n;
  return i;
}
