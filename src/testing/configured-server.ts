import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { LocalServer } from "../local/local-server.ts";

/** A nats-server on loopback that runs with a configuration of the test's own. */
export interface ConfiguredServer {
  /** Host and port of clients: "127.0.0.1:40123". */
  readonly address: string;
  readonly port: number;
  /** The same for WebSockets, where the configuration has them; empty where it has not. */
  readonly webSocketAddress: string;
  stop(): Promise<void>;
}

/**
 * Starts a nats-server 2.15 with further configuration: users, TLS, `websocket` on port -1, an operator.
 *
 * Throws SERVER_NOT_FOUND, SERVER_START_FAILED.
 */
export async function startConfiguredServer(config: string): Promise<ConfiguredServer> {
  const server = await LocalServer.start({ version: "2.15", config });
  return {
    address: `127.0.0.1:${server.port}`,
    port: server.port,
    webSocketAddress: await webSocketAddress(join(server.directory, "ports")),
    stop: () => server.stop(),
  };
}

/** Servers write the ports that the system gave them into a file. Source: nats-server `server/server.go` (`Ports`). */
async function webSocketAddress(folder: string): Promise<string> {
  const name = (await readdir(folder)).find((entry) => entry.endsWith(".ports"));
  const ports = name === undefined ? {} : (JSON.parse(await readFile(join(folder, name), "utf8")) as Ports);
  const url = ports.websocket?.[0];
  return url === undefined ? "" : `127.0.0.1:${new URL(url).port}`;
}

interface Ports {
  readonly websocket?: readonly string[];
}
