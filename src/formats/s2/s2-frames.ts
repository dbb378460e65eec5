/** The framing of S2 and Snappy streams: `type u8, length u24 little-endian, body`. */
export const ChunkType = {
  /** Masked CRC-32C of the decompressed bytes, uvarint of their number, S2 block. */
  compressed: 0x00,
  /** Masked CRC-32C, bytes. */
  uncompressed: 0x01,
  firstSkippable: 0x80,
  padding: 0xfe,
  identifier: 0xff,
} as const;

export const streamIdentifiers: readonly string[] = ["S2sTwO", "sNaPpY"];

/** The largest decompressed block (klauspost/compress `maxBlockSize`). */
export const maxBlockBytes = 4 * 1024 * 1024;

/** The largest chunk body: a block that did not compress at all, as the format bounds it. */
export const maxChunkBytes = maxBlockBytes + Math.ceil(maxBlockBytes / 6) + 64;

/** CRCs are stored rotated and offset, so that a CRC over data that holds CRCs stays useful. */
export function maskCrc(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
