import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { LocalServer } from "../../local/local-server.ts";

/**
 * Turns the bits of one byte in the middle of a stream's first block, as a bad disk does. The server must not run, as it would not
 * notice before it reads the block again. In a stream of one block it notices at its start, and gets the block from the leader.
 */
export async function flipByte(server: LocalServer, account: string, stream: string): Promise<void> {
  const directory = join(server.storeDirectory, "jetstream", account, "streams", stream, "msgs");
  const blocks = await namesIn(directory, /\.blk$/);
  await flipIn(server, join(directory, blocks[0] ?? "1.blk"));
}

/** The same in the snapshot of the meta group: what it knows of who has which stream. A server that ends gracefully writes one. */
export async function flipByteOfMeta(server: LocalServer): Promise<void> {
  const directory = join(server.storeDirectory, "jetstream", "SYS", "_js_", "_meta_", "snapshots");
  const [snapshot] = await namesIn(directory, /^snap\./);
  assert.ok(snapshot, `${directory} is empty`);
  await flipIn(server, join(directory, snapshot));
}

async function namesIn(directory: string, pattern: RegExp): Promise<readonly string[]> {
  const names = (await readdir(directory)).filter((name) => pattern.test(name));
  return names.sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
}

async function flipIn(server: LocalServer, path: string): Promise<void> {
  assert.ok(!server.running, `${server.name} runs`);
  const bytes = await readFile(path);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 0xff;
  await writeFile(path, bytes);
}
