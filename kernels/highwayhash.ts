// HighwayHash-64 with SIMD: four 64-bit lanes in two vectors each. 32 bytes behind the input must be readable.
// Source: google/highwayhash, the portable reference; vectors from minio/highwayhash.

const KEYST: usize = memory.data(128, 16); // initial state for the current key
const LM: usize = memory.data<u32>([0,0,0,0, -1,0,0,0, -1,-1,0,0, -1,-1,-1,0], 16); // LM + 16*k keeps the first k 32-bit lanes

// @ts-ignore: decorator
@inline function zip(x: v128): v128 {
  return v128.shuffle<i8>(x, x, 3, 12, 2, 5, 14, 1, 15, 0, 11, 4, 10, 13, 9, 6, 8, 7);
}
// (a & 0xffffffff) * (b >> 32)
// @ts-ignore: decorator
@inline function mulLoHi(a: v128, b: v128): v128 {
  return i64x2.extmul_low_i32x4_u(v128.shuffle<i32>(a, a, 0, 2, 0, 2), v128.shuffle<i32>(b, b, 1, 3, 1, 3));
}
// @ts-ignore: decorator
@inline function rot32(x: v128): v128 { return v128.shuffle<i32>(x, x, 1, 0, 3, 2); }

export function highwayKey(k: usize): void {
  const i00 = i64x2(0xdbe6d5d5fe4cce2f, 0xa4093822299f31d0), i01 = i64x2(0x13198a2e03707344, 0x243f6a8885a308d3);
  const i10 = i64x2(0x3bd39e10cb0ef593, 0xc0acf169b5f18a8c), i11 = i64x2(0xbe5466cf34e90c6c, 0x452821e638d01377);
  const k0 = v128.load(k), k1 = v128.load(k, 16);
  v128.store(KEYST, v128.xor(i00, k0)); v128.store(KEYST, v128.xor(i01, k1), 16);
  v128.store(KEYST, v128.xor(i10, rot32(k0)), 32); v128.store(KEYST, v128.xor(i11, rot32(k1)), 48);
  v128.store(KEYST, i00, 64); v128.store(KEYST, i01, 80); v128.store(KEYST, i10, 96); v128.store(KEYST, i11, 112);
}

/**
 * HighwayHash-64 of the concatenation of [p, p+pn) (pn a multiple of 32) then [q, q+n).
 */
export function hh64(p: usize, pn: usize, q: usize, n: usize): u64 {
  let v00 = v128.load(KEYST), v01 = v128.load(KEYST, 16), v10 = v128.load(KEYST, 32), v11 = v128.load(KEYST, 48);
  let m00 = v128.load(KEYST, 64), m01 = v128.load(KEYST, 80), m10 = v128.load(KEYST, 96), m11 = v128.load(KEYST, 112);
  let a: v128, b: v128;
  let r = q + (n & ~31);
  const rem = n & 31;
  let cur = pn ? p : q;
  let end = pn ? p + pn : r;
  while (true) {
    while (cur < end) {
      a = v128.load(cur); b = v128.load(cur, 16);
      v10 = i64x2.add(v10, i64x2.add(a, m00)); v11 = i64x2.add(v11, i64x2.add(b, m01));
      m00 = v128.xor(m00, mulLoHi(v10, v00)); m01 = v128.xor(m01, mulLoHi(v11, v01));
      v00 = i64x2.add(v00, m10); v01 = i64x2.add(v01, m11);
      m10 = v128.xor(m10, mulLoHi(v00, v10)); m11 = v128.xor(m11, mulLoHi(v01, v11));
      v00 = i64x2.add(v00, zip(v10)); v01 = i64x2.add(v01, zip(v11));
      v10 = i64x2.add(v10, zip(v00)); v11 = i64x2.add(v11, zip(v01));
      cur += 32;
    }
    if (end == r) break;
    cur = q; end = r;
    if (cur == end) break;
  }
  if (rem != 0) {
    const add = i64x2.splat(((rem as i64) << 32) + (rem as i64));
    v00 = i64x2.add(v00, add); v01 = i64x2.add(v01, add);
    // rotate each 32 bit lane of v1 left by rem
    const rr = rem as i32;
    v10 = v128.or(i32x4.shl(v10, rr), i32x4.shr_u(v10, 32 - rr));
    v11 = v128.or(i32x4.shl(v11, rr), i32x4.shr_u(v11, 32 - rr));
    const mod4 = rem & 3;
    const remain = rem - mod4;
    // no memory round trip: over-read (the caller guarantees 32 readable bytes) + lane masks
    if (rem >= 16) {
      a = v128.load(r);
      b = v128.and(v128.load(r, 16), v128.load(LM + ((remain - 16) << 2)));
      b = i32x4.replace_lane(b, 3, load<i32>(r + rem - 4));
    } else {
      a = v128.and(v128.load(r), v128.load(LM + (remain << 2)));
      b = i64x2.splat(0);
      if (mod4 != 0) {
        const last = (load<u8>(r + remain) as u32) + ((load<u8>(r + remain + (mod4 >> 1)) as u32) << 8) + ((load<u8>(r + rem - 1) as u32) << 16);
        b = i32x4.replace_lane(b, 0, last as i32);
      }
    }
    v10 = i64x2.add(v10, i64x2.add(a, m00)); v11 = i64x2.add(v11, i64x2.add(b, m01));
    m00 = v128.xor(m00, mulLoHi(v10, v00)); m01 = v128.xor(m01, mulLoHi(v11, v01));
    v00 = i64x2.add(v00, m10); v01 = i64x2.add(v01, m11);
    m10 = v128.xor(m10, mulLoHi(v00, v10)); m11 = v128.xor(m11, mulLoHi(v01, v11));
    v00 = i64x2.add(v00, zip(v10)); v01 = i64x2.add(v01, zip(v11));
    v10 = i64x2.add(v10, zip(v00)); v11 = i64x2.add(v11, zip(v01));
  }
  for (let i = 0; i < 4; i++) {
    a = rot32(v01); b = rot32(v00);
    v10 = i64x2.add(v10, i64x2.add(a, m00)); v11 = i64x2.add(v11, i64x2.add(b, m01));
    m00 = v128.xor(m00, mulLoHi(v10, v00)); m01 = v128.xor(m01, mulLoHi(v11, v01));
    v00 = i64x2.add(v00, m10); v01 = i64x2.add(v01, m11);
    m10 = v128.xor(m10, mulLoHi(v00, v10)); m11 = v128.xor(m11, mulLoHi(v01, v11));
    v00 = i64x2.add(v00, zip(v10)); v01 = i64x2.add(v01, zip(v11));
    v10 = i64x2.add(v10, zip(v00)); v11 = i64x2.add(v11, zip(v01));
  }
  const s = i64x2.add(i64x2.add(v00, v10), i64x2.add(m00, m10));
  return i64x2.extract_lane(s, 0);
}

