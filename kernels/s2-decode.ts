// S2 block decoding (what follows the size). 64 bytes behind the source must be readable and behind the destination
// writable, because short copies move 16 bytes at a time. Format: klauspost/compress s2; Snappy's is a subset. See
// docs/formats/s2.md.

/** For overlapping copies with offset 1..15: PATTERN + 16 * offset holds i % offset for each i. */
const PATTERN: usize = memory.data(16 * 16, 16);
/** The widest step that keeps such a pattern. */
const STEP: usize = memory.data(16, 16);
/** For each tag of a copy: bits 0..7 its length, from 16 on the high bits of its offset, in their place. */
const TAGS: usize = memory.data(256 * 4, 16);
/** For each kind of tag: which bits of the four bytes behind it are the offset. */
const OFFSET_BITS: usize = memory.data<u32>([0, 0xff, 0xffff, 0xffffffff], 16);
/** Within this distance from either end, every step is checked. A literal and a copy move less than that. */
const MARGIN: usize = 160;

const CORRUPT: i32 = -1;

export function s2Init(): void {
  for (let offset: usize = 1; offset < 16; offset++) {
    for (let i: usize = 0; i < 16; i++) store<u8>(PATTERN + offset * 16 + i, (i % offset) as u8);
    store<u8>(STEP + offset, ((16 / offset) * offset) as u8);
  }
  for (let tag: u32 = 0; tag < 256; tag++) {
    const short = (((tag >> 2) & 7) + 4) | ((tag & 0xe0) << 19);
    store<u32>(TAGS + (tag << 2), (tag & 3) == 1 ? short : (tag >> 2) + 1);
  }
}

/** Copies bytes that overlap what they make: the first `offset` of them over and over, up to `end` and 15 more. */
// @ts-ignore: decorator
@inline function repeatPattern(d: usize, end: usize, offset: usize): void {
  const pattern = v128.swizzle(v128.load(d - offset), v128.load(PATTERN + (offset << 4)));
  const step: usize = load<u8>(STEP + offset);
  do {
    v128.store(d, pattern);
    d += step;
  } while (d < end);
}

/**
 * Decodes one block, which must fill [dst, dstEnd): 0, or negative for a corrupt one. Whatever the input, nothing beyond
 * the areas and their slack is read or written.
 *
 * Away from the ends, a literal and the copy that nearly always follows are one step, and a copy's length and offset come
 * from tables: which kind of copy comes next is what no branch predictor knows.
 */
export function s2DecodeBlock(src: usize, srcEnd: usize, dst: usize, dstEnd: usize): i32 {
  let s = src;
  let d = dst;
  let offset: usize = 0;
  const sLimit = srcEnd - src > MARGIN ? srcEnd - MARGIN : src;
  const dLimit = dstEnd - dst > MARGIN ? dstEnd - MARGIN : dst;
  while (s < sLimit && d < dLimit) {
    let tag: u32 = load<u8>(s);
    if ((tag & 3) == 0) {
      let length: usize = (tag >> 2) + 1;
      if (length > 60) {
        const bytes = length - 60;
        length = load<u32>(s, 1);
        if (bytes < 4) length &= ((1 as usize) << (bytes << 3)) - 1;
        length++;
        s += bytes + 1;
        if (length == 0 || length > dstEnd - d || length > srcEnd - s) return CORRUPT;
        memory.copy(d, s, length);
        d += length;
        s += length;
        continue;
      }
      v128.store(d, v128.load(s, 1));
      if (length > 16) {
        v128.store(d, v128.load(s, 17), 16);
        if (length > 32) {
          v128.store(d, v128.load(s, 33), 32);
          v128.store(d, v128.load(s, 49), 48);
        }
      }
      d += length;
      s += length + 1;
      tag = load<u8>(s);
      if ((tag & 3) == 0) continue;
    }
    const entry = load<u32>(TAGS + (tag << 2));
    let length: usize = entry & 0xff;
    const stated: usize = (load<u32>(s, 1) & load<u32>(OFFSET_BITS + ((tag & 3) << 2))) | (entry >> 16);
    // 2, 3 or 5 bytes, without a load in the way of the next tag.
    s += (tag & 3) + 1 + ((tag >> 1) & tag & 1);
    if (stated != 0) offset = stated;
    else {
      // A repeat of the last offset, with lengths beyond what the tag holds.
      if ((tag & 3) != 1) return CORRUPT;
      if (length == 9) {
        length = (load<u8>(s) as usize) + 8;
        s += 1;
      } else if (length == 10) {
        length = (load<u16>(s) as usize) + 260;
        s += 2;
      } else if (length == 11) {
        length = ((load<u32>(s) & 0xffffff) as usize) + 65540;
        s += 3;
      }
      if (length > dstEnd - d) return CORRUPT;
    }
    // offset - 1 wraps for 0, so this one comparison refuses both 0 and what lies before the block.
    if (offset - 1 >= d - dst) return CORRUPT;
    const end = d + length;
    if (offset >= 16) {
      let from = d - offset;
      v128.store(d, v128.load(from));
      v128.store(d, v128.load(from, 16), 16);
      if (length > 32) {
        d += 32;
        from += 32;
        do {
          v128.store(d, v128.load(from));
          d += 16;
          from += 16;
        } while (d < end);
      }
    } else repeatPattern(d, end, offset);
    d = end;
  }
  return decodeRest(s, srcEnd, dst, d, dstEnd, offset);
}

/** Goes on from `s` and `d` with a check before every step. */
function decodeRest(s: usize, srcEnd: usize, dst: usize, d: usize, dstEnd: usize, offset: usize): i32 {
  while (s < srcEnd) {
    const tag: u32 = load<u8>(s);
    let length: usize = tag >> 2;
    s++;
    if ((tag & 3) == 0) {
      if (length >= 60) {
        const bytes = length - 59;
        if (bytes > srcEnd - s) return CORRUPT;
        length = load<u32>(s);
        if (bytes < 4) length &= ((1 as usize) << (bytes << 3)) - 1;
        s += bytes;
      }
      length++;
      if (length == 0 || length > dstEnd - d || length > srcEnd - s) return CORRUPT;
      memory.copy(d, s, length);
      d += length;
      s += length;
      continue;
    }
    if ((tag & 3) == 1) {
      if (srcEnd - s < 1) return CORRUPT;
      const stated: usize = ((tag & 0xe0) << 3) | load<u8>(s);
      s++;
      length = (length & 7) + 4;
      if (stated != 0) offset = stated;
      else if (length > 8) {
        const bytes = length - 8;
        if (bytes > srcEnd - s) return CORRUPT;
        if (bytes == 1) length = (load<u8>(s) as usize) + 8;
        else if (bytes == 2) length = (load<u16>(s) as usize) + 260;
        else length = ((load<u32>(s) & 0xffffff) as usize) + 65540;
        s += bytes;
      }
    } else {
      const bytes: usize = (tag & 3) == 2 ? 2 : 4;
      if (bytes > srcEnd - s) return CORRUPT;
      offset = bytes == 2 ? (load<u16>(s) as usize) : (load<u32>(s) as usize);
      length++;
      s += bytes;
    }
    if (offset - 1 >= d - dst || length > dstEnd - d) return CORRUPT;
    const end = d + length;
    if (offset >= 16) {
      let from = d - offset;
      do {
        v128.store(d, v128.load(from));
        d += 16;
        from += 16;
      } while (d < end);
    } else repeatPattern(d, end, offset);
    d = end;
  }
  return d == dstEnd ? 0 : CORRUPT;
}
