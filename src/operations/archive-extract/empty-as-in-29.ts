import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { emptyBlockIndex } from "../../formats/filestore/empty-block-index.ts";

/** Notes the last sequence of an empty stream in the way of nats-server 2.9. The errors are those of the file system. */
export async function emptyAsIn29(directory: string, lastSequence: number): Promise<void> {
  for (const name of await readdir(directory)) await rm(join(directory, name));
  await writeFile(join(directory, "1.idx"), emptyBlockIndex(lastSequence), { flag: "wx" });
  await writeFile(join(directory, "1.blk"), new Uint8Array(), { flag: "wx" });
}
