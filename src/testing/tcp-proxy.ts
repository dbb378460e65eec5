import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { type Direction, type Link, newLink, ProxyLine } from "./proxy-line.ts";

export interface TcpProxyOptions {
  readonly targetPort: number;
  /** Default: 127.0.0.1 */
  readonly targetHost?: string;
  /** Default: one that the system chooses. */
  readonly port?: number;
  /** One way, in both directions: 25 makes a round trip of 50 ms. The TCP handshake itself is not delayed. */
  readonly delayMs?: number;
  /** In each direction, shared by all connections. Default: no limit. */
  readonly bytesPerSecond?: number;
}

/** Sockets that take much before they say "wait" make the proxy several times as fast. */
const buffer = 2 ** 20;

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  readonly lines: Readonly<Record<Direction, ProxyLine>>;
}

/**
 * A TCP proxy on loopback that is as bad as a test wants it: far away, slow, stalled, cut.
 *
 * It runs in the test's own event loop: a test that blocks the loop blocks the proxy.
 */
export class TcpProxy implements AsyncDisposable {
  readonly #options: TcpProxyOptions;
  readonly #listener: Server;
  readonly #pairs = new Set<Pair>();
  readonly #links: Readonly<Record<Direction, Link>>;
  #refusing = false;
  #connections = 0;

  private constructor(options: TcpProxyOptions) {
    this.#options = options;
    this.#links = {
      toServer: newLink(options.delayMs, options.bytesPerSecond),
      toClient: newLink(options.delayMs, options.bytesPerSecond),
    };
    this.#listener = createServer({ allowHalfOpen: true, noDelay: true, highWaterMark: buffer }, (client) =>
      this.#accept(client),
    );
  }

  static async start(options: TcpProxyOptions): Promise<TcpProxy> {
    const proxy = new TcpProxy(options);
    proxy.#listener.listen(options.port ?? 0, "127.0.0.1");
    await once(proxy.#listener, "listening");
    return proxy;
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port;
  }

  /** For a NATS client. Give it `ignoreClusterUpdates`, or it learns of servers that are not behind the proxy. */
  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** Connections so far. */
  get connections(): number {
    return this.#connections;
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#pairs.size;
  }

  /** Bytes handed on so far. */
  bytes(direction: Direction): number {
    return this.#links[direction].bytes;
  }

  /** Hands nothing on until `resume`, in one direction or both; connections stay open. */
  stall(direction?: Direction): void {
    for (const each of chosen(direction)) {
      this.#links[each].stalled = true;
      for (const { lines } of this.#pairs) lines[each].stall();
    }
  }

  resume(direction?: Direction): void {
    for (const each of chosen(direction)) {
      this.#links[each].stalled = false;
      for (const { lines } of this.#pairs) lines[each].pump();
    }
  }

  /** Ends all connections at once, in the middle of whatever they were saying. New ones are accepted: see `refuse`. */
  cut(): void {
    for (const { client, server } of this.#pairs) {
      client.destroy();
      server.destroy();
    }
    this.#pairs.clear();
  }

  /** Closes new connections as soon as they come (or no longer): with `cut`, a server that is gone. */
  refuse(refusing = true): void {
    this.#refusing = refusing;
  }

  /** Cuts when exactly `bytes` more have been handed on in a direction. Resolves when that has happened. */
  cutAfter(direction: Direction, bytes: number): Promise<void> {
    return this.#tripAfter(direction, bytes, () => {
      this.cut();
      this.resume(direction);
    });
  }

  /** Stalls a direction when exactly `bytes` more have been handed on. Resolves when that has happened. */
  stallAfter(direction: Direction, bytes: number): Promise<void> {
    return this.#tripAfter(direction, bytes, () => this.stall(direction));
  }

  #tripAfter(direction: Direction, bytes: number, act: () => void): Promise<void> {
    if (bytes < 1) throw new RangeError("a byte at least must pass first");
    return new Promise((resolve) => {
      this.#links[direction].trip = {
        left: bytes,
        act: () => {
          act();
          resolve();
        },
      };
    });
  }

  async stop(): Promise<void> {
    this.#refusing = true;
    this.cut();
    if (!this.#listener.listening) return;
    this.#listener.close();
    await once(this.#listener, "close");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #accept(client: Socket): void {
    client.on("error", () => client.destroy());
    if (this.#refusing) {
      client.destroy();
      return;
    }
    this.#connections++;
    const { targetPort, targetHost = "127.0.0.1" } = this.#options;
    // Node hands these on to the stream; its types do not know that.
    const wide = {
      port: targetPort,
      host: targetHost,
      allowHalfOpen: true,
      noDelay: true,
      writableHighWaterMark: buffer,
    };
    const server = connect(wide);
    const pair: Pair = {
      client,
      server,
      lines: {
        toServer: new ProxyLine(client, server, this.#links.toServer),
        toClient: new ProxyLine(server, client, this.#links.toClient),
      },
    };
    this.#pairs.add(pair);
    for (const direction of chosen(undefined)) {
      if (this.#links[direction].stalled) pair.lines[direction].stall();
    }
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on("error", () => one.destroy());
      // A side that ended in order may still have bytes under way to the other; one that broke off has not.
      one.on("close", () => {
        if (!one.readableEnded) other.destroy();
        if (client.destroyed && server.destroyed) this.#pairs.delete(pair);
      });
    }
  }
}

function chosen(direction: Direction | undefined): readonly Direction[] {
  return direction === undefined ? ["toServer", "toClient"] : [direction];
}
