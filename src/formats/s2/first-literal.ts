import { ChunkType } from "./s2-frames.ts";

/**
 * The decoded bytes with which an S2 stream begins, as far as its first block begins with a literal or is stored, without
 * decoding anything; fewer than `count`, or none, where that does not tell. Nothing is verified.
 * Source: google/snappy `framing_format.txt`, `format_description.txt`.
 */
export function firstLiteral(bytes: Uint8Array, count: number): Uint8Array {
  const none = new Uint8Array(0);
  let at = 0;
  if (bytes[0] !== ChunkType.identifier) return none;
  at += 4 + (bytes[1] ?? 0);
  const type = bytes[at];
  // Type, length, CRC.
  at += 8;
  if (type === ChunkType.uncompressed) return bytes.subarray(at, at + count);
  if (type !== ChunkType.compressed) return none;
  while (((bytes[at++] ?? 0) & 0x80) !== 0 && at < bytes.length);
  const tag = bytes[at++] ?? 1;
  if ((tag & 3) !== 0) return none;
  const code = tag >>> 2;
  if (code < 60) return bytes.subarray(at, at + Math.min(count, code + 1));
  at += code - 59;
  return bytes.subarray(at, at + count);
}
