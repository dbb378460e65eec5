import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { RelightError } from "../errors.ts";
import { findServer } from "./find-server.ts";
import { pauseProcess } from "./pause-process.ts";
import { readPortsFile } from "./ports-file.ts";
import { serverVersionOf } from "./run-program.ts";
import { type ServerConfig, type ServerPorts, serverConfigText } from "./server-config.ts";
import { guardServer } from "./server-guard.ts";

export interface LocalServerOptions extends ServerConfig {
  /** Default: what {@link findServer} finds for `version`. */
  readonly binary?: string | undefined;
  readonly version?: string | undefined;
  /** Default: a temporary directory that goes away with the server. One that is given stays. */
  readonly storeDirectory?: string | undefined;
  /** Further arguments of the command line; they win over the configuration. */
  readonly args?: readonly string[] | undefined;
  /** How long the server may take to recover its store and listen. Default: 30 s. */
  readonly startTimeoutMs?: number | undefined;
  readonly onStep?: ((text: string) => void) | undefined;
}

/** Starts a nats-server with JetStream on loopback; resolves when JetStream answers. See {@link LocalServer.start}. */
export function startServer(options: LocalServerOptions = {}): Promise<LocalServer> {
  return LocalServer.start(options);
}

/** A nats-server on loopback that lives no longer than this process, with a store that survives the server's restarts. */
export class LocalServer implements AsyncDisposable {
  readonly version: string;
  readonly binary: string;
  /** For the log, the configuration and, where no other was given, the store. Removed by `stop`. */
  readonly directory: string;
  readonly storeDirectory: string;
  readonly #options: LocalServerOptions;
  #child: ChildProcess | undefined;
  #ports: ServerPorts;

  private constructor(options: LocalServerOptions, binary: string, version: string, directory: string) {
    this.#options = options;
    this.binary = binary;
    this.version = version;
    this.directory = directory;
    this.storeDirectory = options.storeDirectory ?? join(directory, "store");
    this.#ports = { client: options.port ?? 0, webSocket: 0, monitor: 0 };
  }

  /** Throws SERVER_NOT_FOUND, SERVER_START_FAILED with the last lines of the server's log. */
  static async start(options: LocalServerOptions = {}): Promise<LocalServer> {
    const { binary, version, onStep } = options;
    const found = binary ? await given(binary) : await findServer({ version, onStep });
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

  /** As it was given; empty where the server made one up. */
  get name(): string {
    return this.#options.name ?? "";
  }

  get port(): number {
    return this.#ports.client;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** For WebSocket clients; empty without the option `webSocket`. */
  get webSocketUrl(): string {
    return this.#ports.webSocket === 0 ? "" : `ws://127.0.0.1:${this.#ports.webSocket}`;
  }

  /** For monitoring over HTTP; empty without the option `monitor`. */
  get monitorUrl(): string {
    return this.#ports.monitor === 0 ? "" : `http://127.0.0.1:${this.#ports.monitor}`;
  }

  /** 0 while no process runs. */
  get pid(): number {
    return this.running ? (this.#child?.pid ?? 0) : 0;
  }

  get running(): boolean {
    const child = this.#child;
    return child?.pid !== undefined && child.exitCode === null && child.signalCode === null;
  }

  get logPath(): string {
    return join(this.directory, "server.log");
  }

  /** Resident memory in bytes; undefined while no process runs, and on systems other than Linux. */
  async rss(): Promise<number | undefined> {
    const status = await readFile(`/proc/${this.pid}/status`, "utf8").catch(() => "");
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  }

  /**
   * Starts the process on its store and ports, after `kill` or `terminate`; resolves when it accepts connections and
   * JetStream has recovered. Throws SERVER_START_FAILED.
   */
  async launch(): Promise<void> {
    const deadline = Date.now() + (this.#options.startTimeoutMs ?? 30_000);
    for (;;) {
      const failure = await this.#tryLaunch(deadline);
      if (failure === undefined) return;
      // Another process may have this port for a moment, as the near end of a connection of its own.
      if (/address already in use/.test(failure) && this.port !== 0 && Date.now() + 1_000 < deadline) {
        await sleep(200);
        continue;
      }
      throw new RelightError("SERVER_START_FAILED", `nats-server ${this.version} did not become ready: ${failure}`, {
        context: { binary: this.binary, log: this.logPath },
      });
    }
  }

  /** Resolves with what went wrong, or undefined. */
  async #tryLaunch(deadline: number): Promise<string | undefined> {
    const portsDirectory = join(this.directory, "ports");
    const config = join(this.directory, "server.conf");
    await rm(portsDirectory, { recursive: true, force: true });
    await mkdir(portsDirectory, { recursive: true });
    await mkdir(this.storeDirectory, { recursive: true });
    await writeFile(config, serverConfigText(this.#options, this.#ports, this.storeDirectory));
    const log = await open(this.logPath, "a");
    const { size: logged } = await log.stat();
    const args = ["-c", config, "--ports_file_dir", portsDirectory, ...(this.#options.args ?? [])];
    const child = spawn(this.binary, args, { stdio: ["ignore", log.fd, log.fd] });
    await log.close();
    this.#child = child;
    let spawnError = "";
    child.once("error", (error) => {
      spawnError = error.message;
    });
    if (child.pid !== undefined) child.once("exit", guardServer(child, this.directory));
    while (Date.now() < deadline && this.running) {
      const ports = await readPortsFile(portsDirectory);
      if (ports) {
        this.#ports = ports;
        return undefined;
      }
      await sleep(10);
    }
    const late = this.running ? "not ready in time. " : "";
    await this.kill();
    const said = (await readFile(this.logPath)).subarray(logged).toString("utf8").trim();
    return `${late}${spawnError}${shortened(said)}`;
  }

  /** Resolves when the process has ended, by itself or by this class; at once where none runs. */
  ended(): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.running) return Promise.resolve();
    return new Promise((resolve) => child.once("exit", () => resolve()));
  }

  /** Ends the process, gracefully, and removes its temporary directory. */
  async stop(): Promise<void> {
    await this.terminate("SIGTERM");
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Ends the process at once, as a crash would, and keeps the store: for `launch`. */
  kill(): Promise<void> {
    return this.terminate("SIGKILL");
  }

  /** Ends the process gracefully and starts it again on the same store and ports. */
  async restart(): Promise<void> {
    await this.terminate("SIGTERM");
    await this.launch();
  }

  /** Ends the process, at the latest after five seconds, and keeps the store: for `launch`. */
  async terminate(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.running) return;
    const ended = this.ended();
    child.kill(signal);
    child.kill("SIGCONT"); // one that is paused would not hear SIGTERM
    const timer = setTimeout(() => child.kill("SIGKILL"), 5_000);
    await ended;
    clearTimeout(timer);
  }

  /** Has it hand over what it leads and its clients, and end then: `lame_duck_duration` says when at the latest. */
  lameDuck(): void {
    this.#child?.kill("SIGUSR2");
  }

  /** Stops the process where it is, without ending it: its connections stay open, and nobody answers. */
  async pause(): Promise<void> {
    if (this.running) await pauseProcess(this.pid);
  }

  resume(): void {
    this.#child?.kill("SIGCONT");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** The beginning and the end: what is wrong with the arguments comes first, before their list; all else comes last. */
function shortened(log: string): string {
  const lines = log.split("\n");
  return (lines.length <= 12 ? lines : [...lines.slice(0, 2), "...", ...lines.slice(-8)]).join("\n");
}

async function given(binary: string): Promise<{ readonly path: string; readonly version: string }> {
  try {
    return { path: binary, version: await serverVersionOf(binary) };
  } catch (error) {
    const { message } = error as Error;
    throw new RelightError("SERVER_START_FAILED", `${binary} does not run: ${message}`, { cause: error });
  }
}
