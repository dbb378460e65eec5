// S2 block encoding: one hash table, repeat offsets, no look-back beyond the block. `dst` needs n + n / 6 + 96 bytes.

const HT: usize = memory.data(4 * 16384, 16);
// @ts-ignore: decorator
@inline function hash6(v: u64): u32 { return (((v << 16) * 227718039650203) >> 50) as u32; }
// @ts-ignore: decorator
@inline function emitLit(dst: usize, from: usize, n: usize): usize {
  if (n == 0) return dst;
  const x = (n - 1) as u32;
  if (x < 60) { store<u8>(dst, x << 2); dst += 1;
    v128.store(dst, v128.load(from));
    if (n > 16) { v128.store(dst, v128.load(from, 16), 16); if (n > 32) { v128.store(dst, v128.load(from, 32), 32); v128.store(dst, v128.load(from, 48), 48); } }
    return dst + n; }
  if (x < 256) { store<u8>(dst, 60 << 2); store<u8>(dst, x, 1); dst += 2; }
  else if (x < 65536) { store<u8>(dst, 61 << 2); store<u16>(dst, x, 1); dst += 3; }
  else if (x < (1 << 24)) { store<u8>(dst, 62 << 2); store<u16>(dst, x, 1); store<u8>(dst, x >> 16, 3); dst += 4; }
  else { store<u8>(dst, 63 << 2); store<u32>(dst, x, 1); dst += 5; }
  memory.copy(dst, from, n);
  return dst + n;
}
function emitRepeat(dst: usize, len: usize): usize {
  while (true) {
    const l = len - 4;
    if (l <= 4) { store<u8>(dst, (l << 2) | 1); store<u8>(dst, 0, 1); return dst + 2; }
    if (l < 4 + 256) { store<u8>(dst, (5 << 2) | 1); store<u8>(dst, 0, 1); store<u8>(dst, l - 4, 2); return dst + 3; }
    if (l < 256 + 65536) { store<u8>(dst, (6 << 2) | 1); store<u8>(dst, 0, 1); store<u16>(dst, l - 256, 2); return dst + 4; }
    const max: usize = (1 << 24) - 1 + 65536;
    let left: usize = 0, ll = l;
    if (ll > max) { left = ll - max + 4; ll = max - 4; }
    store<u8>(dst, (7 << 2) | 1); store<u8>(dst, 0, 1);
    const v = ll - 65536; store<u16>(dst, v, 2); store<u8>(dst, v >> 16, 4);
    dst += 5;
    if (left == 0) return dst;
    len = left;
  }
}
// @ts-ignore: decorator
@inline function emitCopy(dst: usize, offset: usize, len: usize): usize {
  if (len <= 11 && offset < 2048 && len >= 4) {
    store<u8>(dst, ((offset >> 8) << 5) | ((len - 4) << 2) | 1); store<u8>(dst, offset, 1); return dst + 2;
  }
  if (offset < 65536) {
    if (len <= 64) { store<u8>(dst, ((len - 1) << 2) | 2); store<u16>(dst, offset, 1); return dst + 3; }
    if (offset < 2048) { // 8 byte copy1 then repeat
      store<u8>(dst, ((offset >> 8) << 5) | (4 << 2) | 1); store<u8>(dst, offset, 1); return emitRepeat(dst + 2, len - 8);
    }
    store<u8>(dst, (59 << 2) | 2); store<u16>(dst, offset, 1); return emitRepeat(dst + 3, len - 60);
  }
  if (len <= 64) { store<u8>(dst, ((len - 1) << 2) | 3); store<u32>(dst, offset, 1); return dst + 5; }
  store<u8>(dst, (63 << 2) | 3); store<u32>(dst, offset, 1); return emitRepeat(dst + 5, len - 64);
}
/** Encodes src..srcEnd into dst (needs n + n/6 + 32 bytes). Returns the bytes written, 0 if it is not worth it. */
export function s2EncodeBlock(src: usize, srcEnd: usize, dst0: usize): usize {
  const n = srcEnd - src;
  let dst = dst0;
  if (n < 32) return 0;
  memory.fill(HT, 0, 4 * 16384);
  const limit = srcEnd - 16;
  const dstLimit = dst0 + n - (n >> 5) - 6;
  let s = src + 1;
  let nextEmit = src;
  let repeat: usize = 1;
  let cv = load<u64>(s);
  while (true) {
    let cand: usize = 0;
    let nextS: usize;
    while (true) {
      nextS = s + ((s - nextEmit) >> 6) + 4;
      if (nextS > limit) { // tail
        dst = emitLit(dst, nextEmit, srcEnd - nextEmit);
        const out = dst - dst0;
        return out < n - (n >> 5) ? out : 0;
      }
      const h0 = hash6(cv), h1 = hash6(cv >> 8);
      cand = src + load<u32>(HT + (h0 << 2));
      const cand2 = src + load<u32>(HT + (h1 << 2));
      store<u32>(HT + (h0 << 2), (s - src) as u32);
      store<u32>(HT + (h1 << 2), (s - src + 1) as u32);
      const h2 = hash6(cv >> 16);
      // repeat check at s+1
      if ((cv >> 8) as u32 == load<u32>(s - repeat, 1) && s - repeat >= src) {
        let base = s + 1;
        let i = base - repeat;
        while (base > nextEmit && i > src && load<u8>(i - 1) == load<u8>(base - 1)) { i--; base--; }
        const firstRep = nextEmit == src; // no repeat allowed before the first copy
        dst = emitLit(dst, nextEmit, base - nextEmit);
        // extend
        let c = s - repeat + 5;
        s += 5;
        while (s <= limit) {
          const diff = load<u64>(s) ^ load<u64>(c);
          if (diff != 0) { s += (ctz(diff) >> 3) as usize; break; }
          s += 8; c += 8;
        }
        if (firstRep) dst = emitCopy(dst, repeat, s - base); else dst = emitRepeat(dst, s - base);
        nextEmit = s;
        if (s >= limit) { dst = emitLit(dst, nextEmit, srcEnd - nextEmit); const out = dst - dst0; return out < n - (n >> 5) ? out : 0; }
        cv = load<u64>(s);
        continue;
      }
      if (cv as u32 == load<u32>(cand)) break;
      cand = src + load<u32>(HT + (h2 << 2));
      if ((cv >> 8) as u32 == load<u32>(cand2)) {
        store<u32>(HT + (h2 << 2), (s - src + 2) as u32);
        cand = cand2; s++; break;
      }
      store<u32>(HT + (h2 << 2), (s - src + 2) as u32);
      if ((cv >> 16) as u32 == load<u32>(cand)) { s += 2; break; }
      cv = load<u64>(nextS);
      s = nextS;
    }
    while (cand > src && s > nextEmit && load<u8>(cand - 1) == load<u8>(s - 1)) { cand--; s--; }
    if (dst + (s - nextEmit) > dstLimit) return 0;
    dst = emitLit(dst, nextEmit, s - nextEmit);
    while (true) {
      const base = s;
      repeat = base - cand;
      s += 4; cand += 4;
      while (s <= limit) {
        const diff = load<u64>(s) ^ load<u64>(cand);
        if (diff != 0) { s += (ctz(diff) >> 3) as usize; break; }
        s += 8; cand += 8;
      }
      dst = emitCopy(dst, repeat, s - base);
      nextEmit = s;
      if (s >= limit) { dst = emitLit(dst, nextEmit, srcEnd - nextEmit); const out = dst - dst0; return out < n - (n >> 5) ? out : 0; }
      if (dst > dstLimit) return 0;
      // check for an immediate match, otherwise start the search at s+1
      const x = load<u64>(s - 2);
      const m2 = hash6(x), h = hash6(x >> 16);
      cand = src + load<u32>(HT + (h << 2));
      store<u32>(HT + (m2 << 2), (s - 2 - src) as u32);
      store<u32>(HT + (h << 2), (s - src) as u32);
      if ((x >> 16) as u32 != load<u32>(cand)) { cv = load<u64>(s + 1); s++; break; }
    }
  }
}

