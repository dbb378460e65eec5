import { ByteWriter } from "../byte-writer.ts";

/**
 * `1.idx` beside an empty `1.blk`: how nats-server 2.9 notes where an empty stream goes on, which it does not find in a block.
 * Source: nats-server v2.9.25 server/filestore.go (`writeIndexInfo`).
 */
export function emptyBlockIndex(lastSequence: number): Uint8Array {
  const index = new ByteWriter().u8(22).u8(1);
  // No messages, no bytes; the first sequence and its time; the last and its time; no deletes.
  index.uvarint(0).uvarint(0);
  index.uvarint(lastSequence + 1).varint(0n);
  index.uvarint(lastSequence).varint(0n);
  index.uvarint(0);
  // The checksum of the last record, of which there is none.
  for (let byte = 0; byte < 8; byte++) index.u8(0);
  return index.finish();
}
