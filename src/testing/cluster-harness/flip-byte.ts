import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { LocalServer } from "../../local/local-server.ts";

/**
 * Turns the bits of one byte in the middle of a stream's first block, as a bad disk does. The server must not run, as it would not
 * notice before it reads the block again. In a stream of one block it notices at its start, and gets the block from the leader.
 */
export async function flipByte(server: LocalServer, account: string, stream: string): Promise<void> {
  assert.ok(!server.running, `${server.name} runs`);
  const directory = join(server.storeDirectory, "jetstream", account, "streams", stream, "msgs");
  const blocks = (await readdir(directory))
    .filter((name) => name.endsWith(".blk"))
    .sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  const path = join(directory, blocks[0] ?? "1.blk");
  const bytes = await readFile(path);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 0xff;
  await writeFile(path, bytes);
}
