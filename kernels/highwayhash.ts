// HighwayHash-64 with SIMD: each of the four states of four 64-bit lanes is two vectors. 32 bytes behind the input must be
// readable. Source: the definition in "Fast keyed hash/pseudo-random function using SIMD multiply and permute" (Alakuijala
// et al.); vectors from minio/highwayhash, the one that nats-server uses.

/** The four states at the start, for the current key: v0, v1, mul0, mul1. */
const START: usize = memory.data(128, 16);
/** KEEP + 16 * k keeps the first k 32-bit lanes. */
const KEEP: usize = memory.data<u32>([0, 0, 0, 0, -1, 0, 0, 0, -1, -1, 0, 0, -1, -1, -1, 0], 16);

// @ts-ignore: decorator
@inline function zipperMerge(x: v128): v128 {
  return v128.shuffle<i8>(x, x, 3, 12, 2, 5, 14, 1, 15, 0, 11, 4, 10, 13, 9, 6, 8, 7);
}
/** The low 32 bits of each of the four lanes in two vectors. */
// @ts-ignore: decorator
@inline function lowHalves(x: v128, y: v128): v128 {
  return v128.shuffle<i32>(x, y, 0, 2, 4, 6);
}
// @ts-ignore: decorator
@inline function highHalves(x: v128, y: v128): v128 {
  return v128.shuffle<i32>(x, y, 1, 3, 5, 7);
}
// @ts-ignore: decorator
@inline function swapHalves(x: v128): v128 {
  return v128.shuffle<i32>(x, x, 1, 0, 3, 2);
}

/** Takes the 32 bytes of key at `k`. */
export function highwayKey(k: usize): void {
  const mul00 = i64x2(0xdbe6d5d5fe4cce2f, 0xa4093822299f31d0), mul01 = i64x2(0x13198a2e03707344, 0x243f6a8885a308d3);
  const mul10 = i64x2(0x3bd39e10cb0ef593, 0xc0acf169b5f18a8c), mul11 = i64x2(0xbe5466cf34e90c6c, 0x452821e638d01377);
  const key0 = v128.load(k), key1 = v128.load(k, 16);
  v128.store(START, v128.xor(mul00, key0));
  v128.store(START, v128.xor(mul01, key1), 16);
  v128.store(START, v128.xor(mul10, swapHalves(key0)), 32);
  v128.store(START, v128.xor(mul11, swapHalves(key1)), 48);
  v128.store(START, mul00, 64);
  v128.store(START, mul01, 80);
  v128.store(START, mul10, 96);
  v128.store(START, mul11, 112);
}

/**
 * Hash of [front, front + frontLength), whose length is a multiple of 32 and may be 0, and [rest, rest + restLength) as one
 * input. With its packets from two places, a record is hashed without being put together.
 */
export function highwayHash(front: usize, frontLength: usize, rest: usize, restLength: usize): u64 {
  let v00 = v128.load(START), v01 = v128.load(START, 16), v10 = v128.load(START, 32), v11 = v128.load(START, 48);
  let mul00 = v128.load(START, 64), mul01 = v128.load(START, 80), mul10 = v128.load(START, 96), mul11 = v128.load(START, 112);
  let a: v128, b: v128;
  const restEnd = rest + (restLength & ~31);
  let remainder = restLength & 31;
  let at = front;
  let end = front + frontLength;
  let finishing = 0;
  while (true) {
    if (at < end) {
      a = v128.load(at);
      b = v128.load(at, 16);
      at += 32;
    } else if (end != restEnd) {
      at = rest;
      end = restEnd;
      continue;
    } else if (remainder != 0) {
      v00 = i64x2.add(v00, i64x2.splat(((remainder as i64) << 32) + (remainder as i64)));
      v01 = i64x2.add(v01, i64x2.splat(((remainder as i64) << 32) + (remainder as i64)));
      const turn = remainder as i32;
      v10 = v128.or(i32x4.shl(v10, turn), i32x4.shr_u(v10, 32 - turn));
      v11 = v128.or(i32x4.shl(v11, turn), i32x4.shr_u(v11, 32 - turn));
      // The last packet is read beyond its end and masked: cheaper than a copy in memory.
      const odd = remainder & 3;
      const words = remainder - odd;
      a = v128.load(restEnd);
      if (remainder >= 16) {
        b = v128.and(v128.load(restEnd, 16), v128.load(KEEP + ((words - 16) << 2)));
        b = i32x4.replace_lane(b, 3, load<i32>(restEnd + remainder - 4));
      } else {
        a = v128.and(a, v128.load(KEEP + (words << 2)));
        b = i64x2.splat(0);
        if (odd != 0) {
          const tail = (load<u8>(restEnd + words) as u32)
            | ((load<u8>(restEnd + words + (odd >> 1)) as u32) << 8)
            | ((load<u8>(restEnd + remainder - 1) as u32) << 16);
          b = i32x4.replace_lane(b, 0, tail as i32);
        }
      }
      remainder = 0;
    } else if (finishing < 4) {
      finishing++;
      a = swapHalves(v01);
      b = swapHalves(v00);
    } else {
      return i64x2.extract_lane(i64x2.add(i64x2.add(v00, v10), i64x2.add(mul00, mul10)), 0);
    }
    v10 = i64x2.add(v10, i64x2.add(a, mul00));
    v11 = i64x2.add(v11, i64x2.add(b, mul01));
    let low = lowHalves(v10, v11);
    let high = highHalves(v00, v01);
    mul00 = v128.xor(mul00, i64x2.extmul_low_i32x4_u(low, high));
    mul01 = v128.xor(mul01, i64x2.extmul_high_i32x4_u(low, high));
    v00 = i64x2.add(v00, mul10);
    v01 = i64x2.add(v01, mul11);
    low = lowHalves(v00, v01);
    high = highHalves(v10, v11);
    mul10 = v128.xor(mul10, i64x2.extmul_low_i32x4_u(low, high));
    mul11 = v128.xor(mul11, i64x2.extmul_high_i32x4_u(low, high));
    v00 = i64x2.add(v00, zipperMerge(v10));
    v01 = i64x2.add(v01, zipperMerge(v11));
    v10 = i64x2.add(v10, zipperMerge(v00));
    v11 = i64x2.add(v11, zipperMerge(v01));
  }
}
