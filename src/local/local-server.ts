import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { RelightError } from "../errors.ts";
import { findServer } from "./find-server.ts";

export interface LocalServerOptions {
  /** A binary, or a version for {@link findServer}. */
  readonly binary?: string;
  readonly version?: string;
  /** Default: a temporary directory that goes away with the server. */
  readonly storeDirectory?: string;
  readonly name?: string;
  /** 0 lets the system choose; the port stays the same over restarts. */
  readonly port?: number;
  readonly domain?: string;
  readonly maxPayload?: number;
  readonly encryptionKey?: string;
  /** Lines inside `jetstream { }`. */
  readonly jetstream?: string;
  /** Further lines of configuration. */
  readonly config?: string;
  readonly args?: readonly string[];
  readonly onStep?: (text: string) => void;
}

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** A nats-server on loopback that lives as long as this process wants it, with a store that survives its restarts. */
export class LocalServer implements AsyncDisposable {
  readonly version: string;
  readonly binary: string;
  readonly directory: string;
  readonly storeDirectory: string;
  readonly #options: LocalServerOptions;
  #child: ChildProcess | undefined;
  #port = 0;

  private constructor(options: LocalServerOptions, binary: string, version: string, directory: string) {
    this.#options = options;
    this.binary = binary;
    this.version = version;
    this.directory = directory;
    this.storeDirectory = options.storeDirectory ?? join(directory, "store");
    this.#port = options.port ?? 0;
  }

  /** Throws SERVER_NOT_FOUND, SERVER_START_FAILED with the last lines of the server's log. */
  static async start(options: LocalServerOptions = {}): Promise<LocalServer> {
    const found = options.binary
      ? { path: options.binary, version: options.version ?? "" }
      : await findServer({
          ...(options.version === undefined ? {} : { version: options.version }),
          ...(options.onStep ? { onStep: options.onStep } : {}),
        });
    const directory = await mkdtemp(join(tmpdir(), "relight-server-"));
    const server = new LocalServer(options, found.path, found.version, directory);
    try {
      await server.launch();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.#port}`;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get logPath(): string {
    return join(this.directory, "server.log");
  }

  /** Starts the process again on its store and port; resolves when it accepts connections and JetStream has recovered. */
  async launch(): Promise<void> {
    await mkdir(this.storeDirectory, { recursive: true });
    const ports = join(this.directory, "ports");
    await rm(ports, { recursive: true, force: true });
    await mkdir(ports);
    const config = join(this.directory, "server.conf");
    await writeFile(config, this.#config(ports));
    const child = spawn(this.binary, ["-c", config, ...(this.#options.args ?? [])], { stdio: "ignore" });
    running.add(child);
    child.once("exit", () => running.delete(child));
    this.#child = child;
    const deadline = Date.now() + 30_000;
    let spawnError = "";
    child.once("error", (error) => {
      spawnError = error.message;
    });
    while (Date.now() < deadline && child.exitCode === null && child.signalCode === null && spawnError === "") {
      const port = await readPort(ports);
      if (port !== undefined) {
        this.#port = port;
        return;
      }
      await sleep(15);
    }
    const log = await readFile(this.logPath, "utf8").catch(() => spawnError);
    throw new RelightError(
      "SERVER_START_FAILED",
      `nats-server ${this.version} did not start: ${spawnError} ${log.trim().split("\n").slice(-6).join("\n")}`,
    );
  }

  #config(ports: string): string {
    const { name, domain, maxPayload, encryptionKey, jetstream, config } = this.#options;
    const lines = [
      `listen: "127.0.0.1:${this.#port === 0 ? -1 : this.#port}"`,
      ...(name ? [`server_name: "${name}"`] : []),
      `ports_file_dir: ${JSON.stringify(ports)}`,
      `log_file: ${JSON.stringify(this.logPath)}`,
      ...(maxPayload ? [`max_payload: ${maxPayload}`] : []),
      "jetstream {",
      `  store_dir: ${JSON.stringify(this.storeDirectory)}`,
      ...(domain ? [`  domain: ${domain}`] : []),
      ...(encryptionKey ? [`  cipher: chachapoly`, `  key: "${encryptionKey}"`] : []),
      ...(jetstream ? [jetstream] : []),
      "}",
      ...(config ? [config] : []),
    ];
    return `${lines.join("\n")}\n`;
  }

  /** SIGTERM, and SIGKILL after five seconds; then the temporary directory goes. */
  async stop(): Promise<void> {
    await this.terminate("SIGTERM");
    await rm(this.directory, { recursive: true, force: true, maxRetries: 3 });
  }

  /** Ends the process and keeps the store: for `launch`. */
  async terminate(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), 5_000);
    await exited;
    clearTimeout(timer);
  }

  /** Stops the process where it is, without ending it. */
  pause(): void {
    this.#child?.kill("SIGSTOP");
  }

  resume(): void {
    this.#child?.kill("SIGCONT");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

async function readPort(directory: string): Promise<number | undefined> {
  for (const name of await readdir(directory)) {
    if (!name.endsWith(".ports")) continue;
    try {
      const ports = JSON.parse(await readFile(join(directory, name), "utf8")) as { nats?: string[] };
      const [url] = ports.nats ?? [];
      if (url) return Number(new URL(url).port);
    } catch {
      // Being written just now.
    }
  }
  return undefined;
}
