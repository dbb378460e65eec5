import { sha256 } from "@noble/hashes/sha2.js";

// The filestore keys every checksum with the SHA-256 of a name, so a renamed stream or block must be hashed anew.
// Source: nats-server server/filestore.go (newFileStoreWithCreated, hashKeyForBlock, ConsumerStore).

const encoder = new TextEncoder();

/** Of `meta.sum` and of `index.db`. */
export function streamKey(stream: string): Uint8Array {
  return sha256(encoder.encode(stream));
}

/** Of the records in `msgs/<block>.blk`. */
export function blockKey(stream: string, block: number): Uint8Array {
  return sha256(encoder.encode(`${stream}-${block}`));
}

/** Of `obs/<consumer>/meta.sum`. */
export function consumerKey(stream: string, consumer: string): Uint8Array {
  return sha256(encoder.encode(`${stream}/${consumer}`));
}

/** A checksum as `meta.sum` files have it: the eight bytes, the lowest first, in lower-case hexadecimal. */
export function checksumText(hash: bigint): string {
  let text = "";
  for (let rest = hash, byte = 0; byte < 8; byte++, rest >>= 8n) text += (rest & 0xffn).toString(16).padStart(2, "0");
  return text;
}
