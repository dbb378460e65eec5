import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ServerPorts } from "./server-config.ts";

/**
 * Reads where a server listens, once it does: nats-server writes the file when JetStream has recovered and all listeners
 * are up. Undefined before. Source: nats-server `server/server.go` (`PortsInfo`, `logPorts`).
 */
export async function readPortsFile(directory: string): Promise<ServerPorts | undefined> {
  const name = (await readdir(directory)).find((entry) => entry.endsWith(".ports"));
  if (name === undefined) return undefined;
  try {
    const file = JSON.parse(await readFile(join(directory, name), "utf8")) as Readonly<Record<string, string[]>>;
    const client = portOf(file.nats);
    return client === 0 ? undefined : { client, webSocket: portOf(file.websocket), monitor: portOf(file.monitoring) };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // being written just now
    throw error;
  }
}

/** 0 where the server does not listen for this. */
function portOf(urls: readonly string[] | undefined): number {
  const [url] = urls ?? [];
  return url === undefined ? 0 : Number(new URL(url).port);
}
