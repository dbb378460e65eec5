import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A nats-server on loopback that runs with a configuration of the test's own. */
export interface ConfiguredServer {
  /** Host and port of clients: "127.0.0.1:40123". */
  readonly address: string;
  readonly port: number;
  /** The same for WebSockets, where the configuration has them. */
  readonly webSocketAddress: string;
  stop(): Promise<void>;
}

/**
 * Starts `binary` with the given configuration (accounts, TLS, WebSocket with `port: -1`, ...), on a port of the
 * system's choice. Throws what the server logged if it does not start.
 */
export async function startConfiguredServer(binary: string, config: string): Promise<ConfiguredServer> {
  const folder = mkdtempSync(join(tmpdir(), "relight-configured-"));
  const configPath = join(folder, "server.conf");
  const logPath = join(folder, "server.log");
  writeFileSync(configPath, `listen: "127.0.0.1:-1"\nports_file_dir: "${folder}"\nlog_file: "${logPath}"\n${config}\n`);
  const child = spawn(binary, ["-c", configPath], { stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.on("error", (error) => {
    stderr += error.message;
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const stop = async (): Promise<void> => {
    await stopped(child);
    rmSync(folder, { recursive: true, force: true });
  };
  const deadline = Date.now() + 10_000;
  while (child.exitCode === null && child.pid !== undefined && Date.now() < deadline) {
    const ports = readPorts(folder);
    if (ports) {
      const port = Number(new URL(ports.nats[0] ?? "").port);
      const webSocket = ports.websocket?.[0];
      return {
        address: `127.0.0.1:${port}`,
        port,
        webSocketAddress: webSocket === undefined ? "" : `127.0.0.1:${new URL(webSocket).port}`,
        stop,
      };
    }
    await sleep(10);
  }
  await stop();
  throw new Error(`nats-server did not start: ${stderr}`);
}

interface Ports {
  readonly nats: readonly string[];
  readonly websocket?: readonly string[];
}

/** The server writes the file in one go, but it may be seen before it is filled. */
function readPorts(folder: string): Ports | undefined {
  const name = readdirSync(folder).find((entry) => entry.endsWith(".ports"));
  if (name === undefined) return undefined;
  try {
    return JSON.parse(readFileSync(join(folder, name), "utf8")) as Ports;
  } catch {
    return undefined;
  }
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await exited;
}
