import type { Kernels } from "../kernels/kernels.ts";
import { ChunkType } from "./s2-frames.ts";

/** Type, length and CRC before a block. */
export const blockHeadBytes = 8;

/** Bytes that {@link packBlock} may write for a block of `size` bytes. */
export const packedRoom = (size: number): number => 16 + size + Math.ceil(size / 6) + 96;

/**
 * Makes the compressed chunk of the `size` bytes at `block`, at `to`, but for its checksum, which is to be put 4 bytes behind
 * `to`. Returns the address behind the chunk; 0 where the block is better stored, as it would shrink by less than a 32nd.
 */
export function packBlock(kernels: Kernels, block: number, size: number, to: number): number {
  const { bytes, view } = kernels;
  let body = to + blockHeadBytes;
  for (let rest = size; ; rest >>>= 7) {
    bytes[body++] = rest >= 128 ? (rest & 127) | 128 : rest;
    if (rest < 128) break;
  }
  const packed = kernels.s2EncodeBlock(block, block + size, body);
  if (packed === 0) return 0;
  view.setUint32(to, ChunkType.compressed | ((body + packed - to - 4) << 8), true);
  return body + packed;
}
