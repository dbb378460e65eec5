/** The most bytes that a uvarint below 2^53 takes. */
export const maxUvarintBytes = 8;

/** Writes an unsigned LEB128 varint of a whole number below 2^53 at `at`; returns the offset behind it. */
export function writeUvarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = value;
  let to = at;
  while (rest >= 128) {
    bytes[to++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  bytes[to++] = rest;
  return to;
}
