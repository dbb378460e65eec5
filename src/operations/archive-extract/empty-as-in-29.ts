import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ByteWriter } from "../../formats/byte-writer.ts";

/**
 * Notes the last sequence of an empty stream in the way of nats-server 2.9, which does not find it in a block: an empty block
 * with an index that says where the stream goes on. Source: nats-server v2.9.25 server/filestore.go (`writeIndexInfo`). The
 * errors are those of the file system.
 */
export async function emptyAsIn29(directory: string, lastSequence: number): Promise<void> {
  for (const name of await readdir(directory)) await rm(join(directory, name));
  const index = new ByteWriter().u8(22).u8(1);
  // No messages, no bytes; the first sequence and its time; the last and its time; no deletes.
  index.uvarint(0).uvarint(0);
  index.uvarint(lastSequence + 1).varint(0n);
  index.uvarint(lastSequence).varint(0n);
  index.uvarint(0);
  // The checksum of the last record, of which there is none.
  for (let byte = 0; byte < 8; byte++) index.u8(0);
  await writeFile(join(directory, "1.idx"), index.finish(), { flag: "wx" });
  await writeFile(join(directory, "1.blk"), new Uint8Array(), { flag: "wx" });
}
