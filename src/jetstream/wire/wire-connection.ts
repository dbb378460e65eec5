import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { createInbox } from "@nats-io/nats-core";
import { RelightError } from "../../errors.ts";
import { Heartbeat } from "./heartbeat.ts";
import { ProtocolReader } from "./protocol-reader.ts";
import type { Wire, WireMessage } from "./wire.ts";

/** The server's greeting, as far as it matters here. */
export interface Greeting {
  readonly version: string;
  readonly max_payload: number;
  readonly nonce?: string;
  readonly tls_required?: boolean;
  readonly tls_available?: boolean;
  readonly auth_required?: boolean;
}

interface Subscription {
  /** What the server may refuse of it: "subscription _INBOX.1", "publish $JS.API.INFO". */
  readonly needs: readonly string[];
  readonly callback: (error: Error | null, message: WireMessage) => void;
}

/** Headers and control lines beside the payload, and what a server allows itself. */
const slack = 64 * 1024;
const noMessage: WireMessage = { subject: "", data: new Uint8Array() };

/**
 * A connection for one snapshot or restore: gigabytes pass through it without leaving anything to the garbage collector,
 * since all messages are read in one buffer, and what is sent is not copied.
 *
 * It does one thing only: it does not reconnect, and knows nothing of headers but their status. Errors of a request are
 * those of the catalogue: TIMEOUT, JETSTREAM_UNAVAILABLE (nobody listens), PERMISSION_DENIED, CONNECTION_LOST.
 */
export class WireConnection implements Wire {
  readonly transient = true;
  readonly #inboxPrefix: string | undefined;
  readonly #subscriptions = new Map<number, Subscription>();
  readonly #pongs: (() => void)[] = [];
  readonly #heartbeat: Heartbeat;
  readonly #reader: ProtocolReader;
  readonly #closed = Promise.withResolvers<unknown>();
  readonly #greeting = Promise.withResolvers<Greeting>();
  #socket: Socket | undefined;
  #info: Greeting | undefined;
  #roundTripMs: number | undefined;
  #sid = 0;
  #isClosed = false;
  #refusal: Error | undefined;

  /** `pingEveryMs`: the fourth ping in a row that is not answered ends the connection. Default 30,000. */
  constructor(options: { readonly inboxPrefix?: string | undefined; readonly pingEveryMs?: number } = {}) {
    this.#inboxPrefix = options.inboxPrefix;
    this.#heartbeat = new Heartbeat({
      ask: (answered) => this.#askForPong(answered),
      onSilence: () => this.#end(new Error("the server does not answer any more")),
      everyMs: options.pingEveryMs,
    });
    this.#greeting.promise.catch(() => {});
    this.#reader = new ProtocolReader(
      {
        message: (sid, subject, reply, headers, data) => {
          const message = {
            subject,
            reply: reply === "" ? undefined : reply,
            headers: headers && status(headers),
            data,
          };
          this.#subscriptions.get(sid)?.callback(null, message);
        },
        ping: () => this.#write("PONG\r\n"),
        pong: () => this.#pongs.shift()?.(),
        info: (json) => this.#onInfo(json),
        error: (text) => this.#onError(text),
      },
      { maxMessage: 2 * slack },
    );
  }

  /** For a socket's `onread`: it reads into the connection's own buffer. */
  get onread(): { readonly buffer: () => Buffer; readonly callback: (bytes: number) => boolean } {
    return {
      buffer: () => this.#reader.room(),
      callback: (bytes) => {
        this.#guard(() => this.#reader.filled(bytes));
        return !this.#isClosed;
      },
    };
  }

  /**
   * Takes a socket. `reads`: it reads by means of {@link onread} already. `greeting`: where the server has said it before.
   * Resolves with the server's greeting.
   */
  attach(
    socket: Socket,
    { reads = false, greeting }: { readonly reads?: boolean; readonly greeting?: Greeting } = {},
  ): Promise<Greeting> {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 30_000);
    if (!reads) socket.on("data", (bytes: Buffer) => this.#guard(() => this.#reader.push(bytes)));
    const lost = (why: string): void => this.#end(this.#refusal ?? new Error(why));
    socket.on("error", (error) => this.#end(error));
    socket.on("end", () => lost("the server closed the connection"));
    socket.on("close", () => {
      lost("the connection was closed");
      // Only now: until here the system might still read into its buffer.
      this.#reader.close();
    });
    if (greeting) this.#greeted(greeting);
    return this.#greeting.promise;
  }

  /** Says who we are, and waits until the server has accepted it. Rejects where it does not. */
  async introduce(connect: Readonly<Record<string, unknown>>): Promise<void> {
    this.#write(`CONNECT ${JSON.stringify(connect)}\r\n`);
    this.#roundTripMs = await this.rtt();
    this.#heartbeat.start();
  }

  get roundTripMs(): number | undefined {
    return this.#roundTripMs;
  }

  get info(): Greeting | undefined {
    return this.#info;
  }

  get encrypted(): boolean {
    return this.#socket instanceof TLSSocket;
  }

  get local(): boolean {
    return /^(127\.|::1$|::ffff:127\.)/.test(this.#socket?.remoteAddress ?? "");
  }

  isClosed(): boolean {
    return this.#isClosed;
  }

  closed(): Promise<unknown> {
    return this.#closed.promise;
  }

  async close(): Promise<void> {
    this.#end(undefined);
  }

  async rtt(): Promise<number> {
    const started = performance.now();
    const pong = new Promise<void>((resolve) => this.#askForPong(resolve));
    const lost = this.closed().then((reason) => {
      throw reason instanceof Error ? reason : new Error("the connection was closed");
    });
    await Promise.race([pong, lost]);
    return performance.now() - started;
  }

  publish(subject: string, data?: Uint8Array, options: { readonly reply?: string } = {}): void {
    const to = options.reply === undefined ? subject : `${subject} ${options.reply}`;
    if (data === undefined || data.length === 0) {
      this.#write(`PUB ${to} 0\r\n\r\n`);
      return;
    }
    this.#socket?.cork();
    this.#write(`PUB ${to} ${data.length}\r\n`);
    if (!this.#isClosed) this.#socket?.write(data);
    this.#write("\r\n");
    this.#socket?.uncork();
  }

  subscribe(subject: string, { callback }: Pick<Subscription, "callback">): { unsubscribe(): void } {
    return this.#subscribe(subject, { needs: [`subscription ${subject}`], callback });
  }

  #subscribe(subject: string, subscription: Subscription): { unsubscribe(): void } {
    const sid = ++this.#sid;
    this.#subscriptions.set(sid, subscription);
    this.#write(`SUB ${subject} ${sid}\r\n`);
    return {
      unsubscribe: () => {
        if (this.#subscriptions.delete(sid)) this.#write(`UNSUB ${sid}\r\n`);
      },
    };
  }

  async request(subject: string, text: string, options: { readonly timeout: number }): Promise<{ data: Uint8Array }> {
    const answer = Promise.withResolvers<{ data: Uint8Array }>();
    const reply = createInbox(this.#inboxPrefix);
    const context = { subject };
    const subscription = this.#subscribe(reply, {
      needs: [`subscription ${reply}`, `publish ${subject}`],
      callback: (error, message) => {
        if (error) answer.reject(new RelightError("PERMISSION_DENIED", error.message, { cause: error, context }));
        else if (message.headers?.code === 503 && message.data.length === 0) {
          answer.reject(new RelightError("JETSTREAM_UNAVAILABLE", `nobody answers ${subject}`, { context }));
        } else answer.resolve({ data: message.data.slice() });
      },
    });
    const timer = setTimeout(
      () => answer.reject(new RelightError("TIMEOUT", `${subject} was not answered in time`, { context })),
      options.timeout,
    );
    this.closed().then((cause) => {
      answer.reject(
        new RelightError("CONNECTION_LOST", `the connection was lost during ${subject}`, { cause, context }),
      );
    });
    try {
      this.publish(subject, Buffer.from(text), { reply });
      return await answer.promise;
    } finally {
      clearTimeout(timer);
      subscription.unsubscribe();
    }
  }

  #askForPong(answered: () => void): void {
    this.#pongs.push(answered);
    this.#write("PING\r\n");
  }

  #write(text: string): void {
    if (!this.#isClosed) this.#socket?.write(text);
  }

  #onInfo(json: string): void {
    try {
      this.#greeted(JSON.parse(json) as Greeting);
    } catch (error) {
      this.#end(new Error("the server's greeting is not JSON", { cause: error }));
    }
  }

  #greeted(greeting: Greeting): void {
    this.#info = greeting;
    this.#reader.maxMessage = (greeting.max_payload ?? 0) + slack;
    this.#greeting.resolve(greeting);
  }

  #guard(read: () => void): void {
    if (this.#isClosed) return;
    try {
      read();
    } catch (error) {
      this.#end(error);
    }
  }

  /** A refused subject leaves the connection open; after anything else the server closes it. */
  #onError(text: string): void {
    const error = new Error(text);
    const refused = refusedOperation(text);
    if (refused === undefined) {
      this.#refusal = error;
      return;
    }
    for (const { needs, callback } of this.#subscriptions.values()) {
      if (needs.includes(refused)) callback(error, noMessage);
    }
  }

  #end(reason: unknown): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#heartbeat.stop();
    this.#socket?.destroy();
    this.#greeting.reject(reason);
    this.#closed.resolve(reason);
  }
}

/** "publish x" of `Permissions Violation for Publish to "x"`, or of one for a subscription. */
function refusedOperation(text: string): string | undefined {
  const [, verb = "", subject] = /permissions violation for (publish|subscription) to "([^"\s]+)"/i.exec(text) ?? [];
  return subject === undefined ? undefined : `${verb.toLowerCase()} ${subject}`;
}

/** The first line of headers: `NATS/1.0 503` or `NATS/1.0 408 No Flow Response`. */
function status(headers: Buffer): { readonly code: number; readonly description: string } {
  const [, code = "0", description = ""] = /^NATS\/1\.0 ?(\d{3})? ?([^\r\n]*)/.exec(headers.toString("utf8")) ?? [];
  return { code: Number(code), description };
}
