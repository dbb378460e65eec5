// S2 block encoding: greedy, one hash table over six bytes, repeat offsets, nothing beyond the block. Blocks are at most
// 4 MiB, so that every length fits the forms used here. Format: klauspost/compress s2; see docs/formats/s2.md.

const TABLE: usize = memory.data(4 * 16384, 16);
const TAG_COPY1: u32 = 1;
const TAG_COPY2: u32 = 2;
const TAG_COPY4: u32 = 3;
/** Matches are looked for up to here before the end, so that 8-byte loads stay inside. */
const MARGIN: usize = 16;

// @ts-ignore: decorator
@inline function slot(v: u64, shift: u64): usize {
  return TABLE + ((((v << 16) * 227718039650203) >> shift << 2) as usize);
}

// @ts-ignore: decorator
@inline function putLiteral(dst: usize, from: usize, n: usize): usize {
  if (n == 0) return dst;
  const x = (n - 1) as u32;
  if (x < 60) {
    store<u8>(dst, x << 2);
    dst += 1;
    v128.store(dst, v128.load(from));
    if (n > 16) {
      v128.store(dst, v128.load(from, 16), 16);
      if (n > 32) {
        v128.store(dst, v128.load(from, 32), 32);
        v128.store(dst, v128.load(from, 48), 48);
      }
    }
    return dst + n;
  }
  if (x < 1 << 8) {
    store<u8>(dst, 60 << 2);
    store<u8>(dst, x, 1);
    dst += 2;
  } else if (x < 1 << 16) {
    store<u8>(dst, 61 << 2);
    store<u16>(dst, x, 1);
    dst += 3;
  } else {
    store<u8>(dst, 62 << 2);
    store<u16>(dst, x, 1);
    store<u8>(dst, x >> 16, 3);
    dst += 4;
  }
  memory.copy(dst, from, n);
  return dst + n;
}

/** A copy with the offset of the last one, of 4 bytes or more. */
function putRepeat(dst: usize, length: usize): usize {
  const l = length - 4;
  if (l <= 4) {
    store<u16>(dst, (l << 2) | TAG_COPY1);
    return dst + 2;
  }
  if (l < 4 + 256) {
    store<u16>(dst, (5 << 2) | TAG_COPY1);
    store<u8>(dst, l - 4, 2);
    return dst + 3;
  }
  if (l < 256 + 65536) {
    store<u16>(dst, (6 << 2) | TAG_COPY1);
    store<u16>(dst, l - 256, 2);
    return dst + 4;
  }
  store<u16>(dst, (7 << 2) | TAG_COPY1);
  const v = l - 65536;
  store<u16>(dst, v, 2);
  store<u8>(dst, v >> 16, 4);
  return dst + 5;
}

/** A copy of 4 bytes or more. Long ones are a short copy and a repeat that is never under 4 bytes. */
// @ts-ignore: decorator
@inline function putCopy(dst: usize, offset: usize, length: usize): usize {
  if (offset < 2048) {
    if (length <= 11) {
      store<u8>(dst, ((offset >> 8) << 5) | ((length - 4) << 2) | TAG_COPY1);
      store<u8>(dst, offset, 1);
      return dst + 2;
    }
    if (length > 64) {
      store<u8>(dst, ((offset >> 8) << 5) | (4 << 2) | TAG_COPY1);
      store<u8>(dst, offset, 1);
      return putRepeat(dst + 2, length - 8);
    }
  }
  const first: usize = length <= 64 ? length : 60;
  if (offset < 65536) {
    store<u8>(dst, ((first - 1) << 2) | TAG_COPY2);
    store<u16>(dst, offset, 1);
    dst += 3;
  } else {
    store<u8>(dst, ((first - 1) << 2) | TAG_COPY4);
    store<u32>(dst, offset, 1);
    dst += 5;
  }
  return length <= 64 ? dst : putRepeat(dst, length - 60);
}

/** Where the bytes at `s` stop being those at `c` < `s`, at most 8 bytes past `limit`. */
// @ts-ignore: decorator
@inline function matchEnd(s: usize, c: usize, limit: usize): usize {
  while (s <= limit) {
    const diff = load<u64>(s) ^ load<u64>(c);
    if (diff != 0) return s + ((ctz(diff) >> 3) as usize);
    s += 8;
    c += 8;
  }
  return s;
}

/** Writes the rest as a literal; the size of the block, or 0 where it saves too little. */
function finish(dst: usize, dst0: usize, pending: usize, srcEnd: usize, n: usize): usize {
  const size = putLiteral(dst, pending, srcEnd - pending) - dst0;
  return size < n - (n >> 5) ? size : 0;
}

/**
 * Encodes [src, srcEnd) into dst, which needs n + n / 6 + 96 bytes. Returns the bytes written, or 0 where that would save
 * less than a 32nd: then the block is better stored.
 */
export function s2EncodeBlock(src: usize, srcEnd: usize, dst0: usize): usize {
  const n = srcEnd - src;
  if (n < 32) return 0;
  // Small blocks take a small table, or clearing it would cost as much as the search.
  const bits: u64 = n <= 8192 ? 11 : n <= 32768 ? 13 : 14;
  const shift = 64 - bits;
  memory.fill(TABLE, 0, (4 as usize) << (bits as usize));
  const limit = srcEnd - MARGIN;
  const dstLimit = dst0 + n - (n >> 5) - 6;
  let dst = dst0;
  let s = src + 1;
  /** First byte that is not written yet. */
  let pending = src;
  let offset: usize = 1;
  let cv = load<u64>(s);
  while (true) {
    let candidate: usize;
    while (true) {
      // The longer nothing matches, the larger the steps.
      const next = s + ((s - pending) >> 6) + 4;
      if (next > limit) return finish(dst, dst0, pending, srcEnd, n);
      const slot0 = slot(cv, shift), slot1 = slot(cv >> 8, shift);
      candidate = src + load<u32>(slot0);
      const candidate1 = src + load<u32>(slot1);
      store<u32>(slot0, (s - src) as u32);
      store<u32>(slot1, (s + 1 - src) as u32);
      const slot2 = slot(cv >> 16, shift);
      if ((cv >> 8) as u32 == load<u32>(s + 1 - offset)) {
        // The last offset fits again, one byte on.
        let begin = s + 1;
        let from = begin - offset;
        while (begin > pending && from > src && load<u8>(from - 1) == load<u8>(begin - 1)) {
          from--;
          begin--;
        }
        const isFirst = pending == src;
        dst = putLiteral(dst, pending, begin - pending);
        s = matchEnd(s + 5, s + 5 - offset, limit);
        // Before the first copy there is no offset to repeat.
        dst = isFirst ? putCopy(dst, offset, s - begin) : putRepeat(dst, s - begin);
        pending = s;
        if (s >= limit) return finish(dst, dst0, pending, srcEnd, n);
        cv = load<u64>(s);
        continue;
      }
      if (cv as u32 == load<u32>(candidate)) break;
      candidate = src + load<u32>(slot2);
      store<u32>(slot2, (s + 2 - src) as u32);
      if ((cv >> 8) as u32 == load<u32>(candidate1)) {
        candidate = candidate1;
        s++;
        break;
      }
      if ((cv >> 16) as u32 == load<u32>(candidate)) {
        s += 2;
        break;
      }
      cv = load<u64>(next);
      s = next;
    }
    while (candidate > src && s > pending && load<u8>(candidate - 1) == load<u8>(s - 1)) {
      candidate--;
      s--;
    }
    if (dst + (s - pending) > dstLimit) return 0;
    dst = putLiteral(dst, pending, s - pending);
    while (true) {
      const begin = s;
      offset = begin - candidate;
      s = matchEnd(s + 4, candidate + 4, limit);
      dst = putCopy(dst, offset, s - begin);
      pending = s;
      if (s >= limit) return finish(dst, dst0, pending, srcEnd, n);
      if (dst > dstLimit) return 0;
      // Another match right behind this one needs no search.
      const x = load<u64>(s - 2);
      const slotBefore = slot(x, shift), slotHere = slot(x >> 16, shift);
      candidate = src + load<u32>(slotHere);
      store<u32>(slotBefore, (s - 2 - src) as u32);
      store<u32>(slotHere, (s - src) as u32);
      if ((x >> 16) as u32 != load<u32>(candidate)) {
        cv = load<u64>(s + 1);
        s++;
        break;
      }
    }
  }
}
