// S2 block decoding (the body after the uvarint length). Addresses are in linear memory; 64 bytes behind the source and the
// destination must be readable and writable, because short copies move 16 bytes at a time.
// Source of the format: klauspost/compress s2, "S2 compressed format"; Snappy blocks are a subset.

// For overlapping copies with offset 1..15: pattern[off * 16 + i] = i % off, and the widest step that keeps the pattern.
const PATTERN: usize = memory.data(16 * 16, 16);
const STEP: usize = memory.data(16, 16);

export function s2Init(): void {
  for (let off: usize = 1; off < 16; off++) {
    for (let i: usize = 0; i < 16; i++) store<u8>(PATTERN + off * 16 + i, (i % off) as u8);
    store<u8>(STEP + off, ((16 / off) * off) as u8);
  }
}

/** Decodes one block; 0 on success, negative on corruption. Never reads or writes beyond the areas plus their slack. */
export function s2DecodeBlock(src: usize, srcEnd: usize, dst0: usize, dstEnd: usize): i32 {
  let s = src;
  let d = dst0;
  let offset: usize = 0;
  let len: usize = 0;
  while (s < srcEnd) {
    const tag: u32 = load<u8>(s);
    const kind = tag & 3;
    if (kind == 0) {
      len = tag >> 2;
      s++;
      if (len < 60) {
        len++;
        if (len > dstEnd - d || len > srcEnd - s) return -1;
        v128.store(d, v128.load(s));
        if (len > 16) {
          v128.store(d, v128.load(s, 16), 16);
          if (len > 32) {
            v128.store(d, v128.load(s, 32), 32);
            v128.store(d, v128.load(s, 48), 48);
          }
        }
        d += len;
        s += len;
        continue;
      }
      const bytes = len - 59;
      if (bytes > srcEnd - s) return -2;
      if (bytes == 1) len = load<u8>(s);
      else if (bytes == 2) len = load<u16>(s);
      else if (bytes == 3) len = (load<u16>(s) as usize) | ((load<u8>(s, 2) as usize) << 16);
      else len = load<u32>(s);
      s += bytes;
      len++;
      if (len == 0 || len > dstEnd - d || len > srcEnd - s) return -3;
      memory.copy(d, s, len);
      d += len;
      s += len;
      continue;
    }
    if (kind == 1) {
      if (srcEnd - s < 2) return -4;
      const to: usize = ((tag & 0xe0) << 3) | load<u8>(s, 1);
      len = (tag >> 2) & 7;
      s += 2;
      if (to == 0) {
        // Repeat of the last offset, with lengths beyond what the tag holds.
        if (len >= 5) {
          if (len == 5) {
            if (srcEnd - s < 1) return -5;
            len = (load<u8>(s) as usize) + 4;
            s += 1;
          } else if (len == 6) {
            if (srcEnd - s < 2) return -5;
            len = (load<u16>(s) as usize) + 256;
            s += 2;
          } else {
            if (srcEnd - s < 3) return -5;
            len = ((load<u16>(s) as usize) | ((load<u8>(s, 2) as usize) << 16)) + 65536;
            s += 3;
          }
        }
      } else offset = to;
      len += 4;
    } else if (kind == 2) {
      if (srcEnd - s < 3) return -6;
      offset = load<u16>(s, 1);
      len = (tag >> 2) + 1;
      s += 3;
    } else {
      if (srcEnd - s < 5) return -7;
      offset = load<u32>(s, 1);
      len = (tag >> 2) + 1;
      s += 5;
    }
    // offset - 1 wraps for 0, so this one comparison refuses both 0 and what lies before the block.
    if (offset - 1 >= d - dst0 || len > dstEnd - d) return -8;
    let m = d - offset;
    const e = d + len;
    if (offset >= 16) {
      v128.store(d, v128.load(m));
      if (len > 16) {
        d += 16;
        m += 16;
        do {
          v128.store(d, v128.load(m));
          d += 16;
          m += 16;
        } while (d < e);
      }
    } else {
      const p = v128.swizzle(v128.load(m), v128.load(PATTERN + (offset << 4)));
      const step: usize = load<u8>(STEP + offset);
      do {
        v128.store(d, p);
        d += step;
      } while (d < e);
    }
    d = e;
  }
  return d == dstEnd ? 0 : -9;
}
