// CRC-32C (Castagnoli polynomial, reflected), as in RFC 3720. No carry-less multiplication exists in WebAssembly, and
// tables are bound by their loads (2 GB/s), so long inputs are first made shorter by exclusive-or alone:
//
// A CRC is the remainder of the message, read as a polynomial over GF(2), modulo P. This polynomial is a multiple of P:
//     x^(8 * D3) + x^(8 * (D3 - D1)) + x^(8 * (D3 - D2)) + 1
// So a byte may be taken away where it stands and added, unchanged, D1, D2 and D3 bytes further on, and the remainder stays
// what it was. Doing so for every byte but the last D3 leaves only those to the tables. The distances come from a search
// over the multiples of P that have four terms, whole bytes, and no distance under 1024, which keeps the loads away from
// stores that are still in flight. A test proves the relation from the definition of the CRC.

const D1: usize = 1278;
const D2: usize = 1565;
const D3: usize = 5424;
/** Shorter inputs go through the tables alone. */
const FOLD_MIN: usize = 8192;
/** Bytes folded before the history moves to the front. */
const STRETCH: usize = 16384;
/** The last D3 bytes after folding, then a stretch of folded bytes or zeros. */
const FOLDED: usize = memory.data(5424 + 16384 + 64, 16);
/** What is left for the tables: D3 bytes and less than 64 more. */
const LEFT: usize = memory.data(5424 + 128, 16);

const TABLES: usize = memory.data(4 * 256 * 16, 16);

export function crcInit(): void {
  for (let i: u32 = 0; i < 256; i++) {
    let c = i;
    for (let k = 0; k < 8; k++) c = (c & 1) ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
    store<u32>(TABLES + (i << 2), c);
  }
  for (let i: u32 = 0; i < 256; i++) {
    let c = load<u32>(TABLES + (i << 2));
    for (let t: u32 = 1; t < 16; t++) {
      c = load<u32>(TABLES + ((c & 255) << 2)) ^ (c >>> 8);
      store<u32>(TABLES + (t << 10) + (i << 2), c);
    }
  }
}

// @ts-ignore: decorator
@inline function table(t: usize, b: u32): u32 {
  return load<u32>(TABLES + (t << 10) + ((b & 255) << 2));
}

/** Sixteen bytes at a time: table t tells what a byte with t more bytes behind it contributes. */
function byTables(p: usize, n: usize, c: u32): u32 {
  const whole = p + (n & ~15);
  const end = p + n;
  while (p < whole) {
    const w = load<u32>(p) ^ c, x = load<u32>(p, 4), y = load<u32>(p, 8), z = load<u32>(p, 12);
    c = table(15, w) ^ table(14, w >>> 8) ^ table(13, w >>> 16) ^ table(12, w >>> 24)
      ^ table(11, x) ^ table(10, x >>> 8) ^ table(9, x >>> 16) ^ table(8, x >>> 24)
      ^ table(7, y) ^ table(6, y >>> 8) ^ table(5, y >>> 16) ^ table(4, y >>> 24)
      ^ table(3, z) ^ table(2, z >>> 8) ^ table(1, z >>> 16) ^ table(0, z >>> 24);
    p += 16;
  }
  while (p < end) {
    c = table(0, c ^ load<u8>(p)) ^ (c >>> 8);
    p++;
  }
  return c;
}

/** The sixteen bytes at `p`, with those that stood at the three distances before `at` in the folded bytes. */
// @ts-ignore: decorator
@inline function folded(p: usize, at: usize): v128 {
  return v128.xor(
    v128.xor(v128.load(p), v128.load(at - D1)),
    v128.xor(v128.load(at - D2), v128.load(at - D3)),
  );
}

/** CRC-32C of [p, p + n), continued from `seed`; up to 15 bytes behind the end are read. */
export function crc32c(p: usize, n: usize, seed: u32): u32 {
  if (n < FOLD_MIN) return ~byTables(p, n, ~seed);
  const start = FOLDED + D3;
  memory.fill(FOLDED, 0, D3);
  const foldEnd = p + ((n - D3) & ~63);
  const end = p + n;
  let at = start;
  // The state before the first byte acts as if added to the first four.
  let first = i32x4.replace_lane(i64x2.splat(0), 0, ~seed as i32);
  while (p < foldEnd) {
    const stretch = p + min(foldEnd - p, STRETCH);
    at = start;
    v128.store(at, v128.xor(first, folded(p, at)));
    v128.store(at, folded(p + 16, at + 16), 16);
    v128.store(at, folded(p + 32, at + 32), 32);
    v128.store(at, folded(p + 48, at + 48), 48);
    first = i64x2.splat(0);
    p += 64;
    at += 64;
    while (p < stretch) {
      v128.store(at, folded(p, at));
      v128.store(at, folded(p + 16, at + 16), 16);
      v128.store(at, folded(p + 32, at + 32), 32);
      v128.store(at, folded(p + 48, at + 48), 48);
      p += 64;
      at += 64;
    }
    memory.copy(FOLDED, at - D3, D3);
  }
  // The rest stays where it is: it takes what came from before, and gives nothing on.
  memory.fill(start, 0, D3 + 64);
  const left = end - p;
  for (let i: usize = 0; i < left; i += 16) v128.store(LEFT + i, folded(p + i, start + i));
  return ~byTables(LEFT, left, 0);
}
