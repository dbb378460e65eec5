// Looks for the header field "Nats-TTL:" at the beginning of a line, which is where nats-server finds it
// (server/client.go, getHeaderKeyIndex). 15 bytes behind the header must be readable.

const LENGTH: usize = 11; // "\r\nNats-TTL:"

/** True if the header block [at, end) has the field. Looks at line ends only, sixteen bytes at a time. */
export function hasTtl(at: usize, end: usize): bool {
  if (end - at < LENGTH) return false;
  const last = end - LENGTH;
  const carriageReturn = i8x16.splat(0x0d);
  for (; at <= last; at += 16) {
    let found = i8x16.bitmask(i8x16.eq(v128.load(at), carriageReturn)) as u32;
    while (found != 0) {
      const p = at + (ctz(found) as usize);
      if (p > last) return false;
      // "\r\nNats-T", then "TL:" with the T that both have.
      if (load<u64>(p) == 0x542d7374614e0a0d && load<u32>(p, 7) == 0x3a4c5454) return true;
      found &= found - 1;
    }
  }
  return false;
}
