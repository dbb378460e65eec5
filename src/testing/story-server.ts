import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NatsConnection } from "@nats-io/nats-core";
import type { Session } from "../jetstream/session.ts";
import { LocalServer, type LocalServerOptions } from "../local/local-server.ts";
import { fillStream } from "./fill.ts";
import { openTestSession } from "./open-test-session.ts";
import { createStream } from "./stream-setup.ts";
import { TcpProxy, type TcpProxyOptions } from "./tcp-proxy.ts";

/** A session whose connections all go through a proxy. */
export interface ProxiedSession {
  readonly proxy: TcpProxy;
  readonly session: Session;
}

/** Where a failure story plays: a server, a session on it, a directory, proxies; all gone when it is disposed. */
export class StoryServer implements AsyncDisposable {
  readonly server: LocalServer;
  readonly session: Session;
  readonly directory: string;
  readonly #resources = new AsyncDisposableStack();

  private constructor(server: LocalServer, session: Session, directory: string) {
    this.server = server;
    this.session = session;
    this.directory = directory;
  }

  static async start(version: string, options: LocalServerOptions = {}): Promise<StoryServer> {
    const server = await LocalServer.start({ ...options, version });
    const session = await openTestSession(server.url);
    return new StoryServer(server, session, await mkdtemp(join(tmpdir(), "relight-story-")));
  }

  /** A direct connection, past every proxy. */
  get nc(): NatsConnection {
    return this.session.api.connection;
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  /** A session through a new proxy. */
  async through(options: Omit<TcpProxyOptions, "targetPort"> = {}, timeout = "20s"): Promise<ProxiedSession> {
    const proxy = this.#resources.use(await TcpProxy.start({ ...options, targetPort: this.server.port }));
    return { proxy, session: this.#resources.use(await openTestSession(proxy.url, timeout)) };
  }

  /** A stream of random bytes in messages of 16 KiB, which no compression makes smaller: 64 of them are 1 MiB. */
  async fill(name: string, mebibytes: number, config: Readonly<Record<string, unknown>> = {}): Promise<void> {
    await createStream(this.nc, { name, subjects: [`${name}.>`], ...config });
    const subjects = Array.from({ length: 8 }, (_, index) => `${name}.${index}`);
    await fillStream(this.nc, name, { messages: mebibytes * 64, size: 16 * 1024, kind: "random", subjects });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
    await this.session[Symbol.asyncDispose]();
    await this.server.stop();
    await rm(this.directory, { recursive: true, force: true, maxRetries: 3 });
  }
}
