// CRC-32C (Castagnoli), sixteen bytes at a time by tables.

const CT: usize = memory.data(4 * 256 * 16, 16);
export function crcInit(): void {
  for (let i: u32 = 0; i < 256; i++) {
    let c = i;
    for (let k = 0; k < 8; k++) c = (c & 1) ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
    store<u32>(CT + (i << 2), c);
  }
  for (let i: u32 = 0; i < 256; i++) {
    let c = load<u32>(CT + (i << 2));
    for (let t: u32 = 1; t < 16; t++) {
      c = load<u32>(CT + ((c & 255) << 2)) ^ (c >>> 8);
      store<u32>(CT + (t << 10) + (i << 2), c);
    }
  }
}
// @ts-ignore: decorator
@inline function T(t: usize, b: u32): u32 { return load<u32>(CT + (t << 10) + ((b & 255) << 2)); }
export function crc32c(p: usize, n: usize, seed: u32): u32 {
  let c = ~seed;
  const e16 = p + (n & ~15);
  const e = p + n;
  while (p < e16) {
    const a = load<u32>(p) ^ c, b = load<u32>(p, 4), x = load<u32>(p, 8), y = load<u32>(p, 12);
    c = T(15, a) ^ T(14, a >>> 8) ^ T(13, a >>> 16) ^ T(12, a >>> 24)
      ^ T(11, b) ^ T(10, b >>> 8) ^ T(9, b >>> 16) ^ T(8, b >>> 24)
      ^ T(7, x) ^ T(6, x >>> 8) ^ T(5, x >>> 16) ^ T(4, x >>> 24)
      ^ T(3, y) ^ T(2, y >>> 8) ^ T(1, y >>> 16) ^ T(0, y >>> 24);
    p += 16;
  }
  while (p < e) { c = T(0, c ^ load<u8>(p)) ^ (c >>> 8); p++; }
  return ~c;
}

