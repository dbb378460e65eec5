/** Types of chunk in the framing of S2 and Snappy streams: `type u8, length u24 little-endian, body`. */
export const ChunkType = {
  /** Masked CRC-32C of the decompressed bytes, uvarint of their number, S2 block. */
  compressed: 0x00,
  /** Masked CRC-32C, then the bytes themselves. */
  uncompressed: 0x01,
  identifier: 0xff,
} as const;

/** Chunks that a reader may pass over: 0x80 to 0xfd by definition, 0xfe as padding. */
export function isSkippable(type: number): boolean {
  return type >= 0x80 && type <= 0xfe;
}

/** Bodies of the identifier chunk: S2, and Snappy whose blocks S2 includes. */
export const streamIdentifiers: readonly string[] = ["S2sTwO", "sNaPpY"];

/** The chunk that begins a stream of ours. */
export function identifierChunk(): Uint8Array {
  return Uint8Array.of(ChunkType.identifier, 6, 0, 0, ...new TextEncoder().encode("S2sTwO"));
}

/** The largest decompressed block (klauspost/compress `maxBlockSize`). */
export const maxBlockBytes = 4 * 1024 * 1024;

/** The largest chunk body that is taken: a block that did not compress at all, as Snappy bounds it, and its CRC. */
export const maxChunkBytes = 4 + 32 + maxBlockBytes + Math.ceil(maxBlockBytes / 6);

/** CRCs are stored rotated and offset, so that a CRC over data that holds CRCs stays useful. */
export function maskCrc(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
