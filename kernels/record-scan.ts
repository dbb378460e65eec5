// Scans records of a JetStream filestore block into columns. One call handles a whole batch.
// Record layout: nats-server server/filestore.go (`writeMsgRecordLocked`):
//   u32 length (bit 31: has headers), u64 sequence (bit 63: erased, bit 62: tombstone), i64 time, u16 subject length,
//   subject, [u32 header length, header], payload, 8 bytes of HighwayHash-64 over sequence..payload without the lengths.
import { hh64 } from "./highwayhash";

const MAX_RECORD: usize = 32 * 1024 * 1024 + 64 * 1024;
const SCRATCH: usize = memory.data(65536 + 256, 16);

/** Why a scan stopped: 0 end, 1 incomplete, 2 rows full, 3 bad length, 4 bad hash. */
export let scanStop: i32 = 0;
export let scanNeed: usize = 0;
export let scanCount: i32 = 0;

/** True if the header block holds a line "Nats-TTL:". */
export function hasTtl(at: usize, end: usize): bool {
  // "Nats" and "-TTL" as little-endian words.
  if (end - at < 9) return false;
  const last = end - 9;
  for (let p = at; p <= last; p++) {
    if (load<u32>(p) == 0x7374614e && load<u32>(p, 4) == 0x4c54542d && load<u8>(p, 8) == 0x3a) return true;
  }
  return false;
}

/**
 * Columns are arrays of `rows` entries at these addresses: sequence f64, timestamp i64, flags u8 (1 erased, 2 tombstone,
 * 4 headers, 8 Nats-TTL), offset u32, subject length u16, header length u32, payload length u32.
 * Returns the address after the last complete record.
 */
export function scanRecords(
  from: usize, end: usize, rows: i32, verify: bool,
  sequences: usize, times: usize, flags: usize, offsets: usize, subjects: usize, headers: usize, payloads: usize,
): usize {
  let n: i32 = 0;
  let i = from;
  scanStop = 0;
  scanNeed = 0;
  while (i < end) {
    if (n == rows) { scanStop = 2; break; }
    if (end - i < 22) { scanStop = 1; scanNeed = 22; break; }
    const word = load<u32>(i);
    const len = (word & 0x7fffffff) as usize;
    const subject = load<u16>(i, 20) as usize;
    const has = (word >>> 31) as usize;
    if (len < 30 || len > MAX_RECORD || subject + (has << 2) + 30 > len) { scanStop = 3; break; }
    if (len > end - i) { scanStop = 1; scanNeed = len; break; }
    const raw = load<u64>(i, 4);
    const sequence = raw & 0x3fffffffffffffff;
    if (sequence > 0x1fffffffffffff) { scanStop = 3; break; }
    let flag: u32 = (raw >> 63 ? 1 : 0) | ((raw >> 62) & 1 ? 2 : 0);
    const body = len - 30;
    let header: usize = 0;
    if (has) {
      header = load<u32>(i + 22 + subject) as usize;
      if (header > body - 4 - subject) { scanStop = 3; break; }
      flag |= 4;
      const at = i + 26 + subject;
      if (hasTtl(at, at + header)) flag |= 8;
    }
    if (verify) {
      let hash: u64;
      v128.store(SCRATCH, v128.load(i, 4));
      if (has) {
        // The header's length word is not hashed, so the front is put together anew, up to a multiple of 32 bytes.
        const rest = body - 4 - subject;
        const front: usize = subject + 16;
        memory.copy(SCRATCH + 16, i + 22, subject);
        const pad: usize = ((32 as usize) - (front & 31)) & 31;
        const q = i + 26 + subject;
        if (rest <= pad) {
          memory.copy(SCRATCH + front, q, rest);
          hash = hh64(0, 0, SCRATCH, front + rest);
        } else {
          v128.store(SCRATCH + front, v128.load(q));
          v128.store(SCRATCH + front, v128.load(q, 16), 16);
          hash = hh64(SCRATCH, front + pad, q + pad, rest - pad);
        }
      } else if (body >= 16) {
        v128.store(SCRATCH, v128.load(i, 22), 16);
        hash = hh64(SCRATCH, 32, i + 38, body - 16);
      } else {
        memory.copy(SCRATCH + 16, i + 22, body);
        hash = hh64(0, 0, SCRATCH, body + 16);
      }
      if (hash != load<u64>(i + len - 8)) { scanStop = 4; break; }
    }
    store<f64>(sequences + (n << 3), sequence as f64);
    store<i64>(times + (n << 3), load<i64>(i, 12));
    store<u8>(flags + n, flag);
    store<u32>(offsets + (n << 2), i as u32);
    store<u16>(subjects + (n << 1), subject as u16);
    store<u32>(headers + (n << 2), header as u32);
    store<u32>(payloads + (n << 2), (body - subject - (has ? header + 4 : 0)) as u32);
    n++;
    i += len;
  }
  scanCount = n;
  return i;
}
