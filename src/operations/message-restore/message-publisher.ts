import { setTimeout as sleep } from "node:timers/promises";
import { createInbox, type MsgHdrs, type NatsConnection } from "@nats-io/nats-core";
import { RelightError } from "../../errors.ts";
import { fieldOf } from "./acted-upon-headers.ts";

/** What a stream's queue takes without refusing any, with room to spare. */
const mostInFlight = 1_000;
const mostBytesInFlight = 8 * 1024 * 1024;
const silenceMs = 30_000;
/** How long the server of a cluster may take to hear of the stream. */
const firstMessageMs = 5_000;

/** Servers do not take a shorter one. */
export const shortestDuplicateWindowNs = 100_000_000;
/** The same id is safe after this; servers forget ids a while after the window. */
const forgottenMs = 350;

/** The headers of a message that no stream takes. */
const refusedByAll = new TextEncoder().encode("NATS/1.0\r\nNats-Expected-Stream: .\r\n\r\n");

interface Ack {
  readonly stream?: string;
  readonly seq?: number;
  readonly duplicate?: boolean;
  readonly error?: { readonly description?: string };
}

export interface PublisherOptions {
  readonly stream: string;
  /** The sequence that the first message must get; each further one must get the next. */
  readonly first: number;
  readonly inboxPrefix?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Publishes messages to a stream that nobody else writes to, many at a time, and makes sure that each is stored under the
 * sequence that it must have. Throws RESTORE_FAILED, TIMEOUT, CONNECTION_LOST, CANCELLED.
 */
export class MessagePublisher {
  readonly #nc: NatsConnection;
  readonly #options: PublisherOptions;
  readonly #inbox: string;
  readonly #subscription: { unsubscribe(): void };
  readonly #statuses: { stop(): void };
  readonly #sizes = new Map<number, number>();
  readonly #recentIds = new Map<string, number>();
  #next: number;
  #bytes = 0;
  #heard = Date.now();
  #error: unknown;
  #wake: (() => void) | undefined;
  /** What is waited for. */
  #condition: (() => boolean) | undefined;

  constructor(nc: NatsConnection, options: PublisherOptions) {
    this.#nc = nc;
    this.#options = options;
    this.#next = options.first;
    this.#inbox = createInbox(options.inboxPrefix);
    this.#subscription = nc.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error) this.#fail(new RelightError("RESTORE_FAILED", error.message, { cause: error }));
        else this.#receive(message.subject, message.headers?.code === 503 ? undefined : message.data);
      },
    });
    // The client's iterables can be stopped; its types do not say so.
    const statuses = nc.status() as ReturnType<NatsConnection["status"]> & { stop(): void };
    this.#statuses = statuses;
    void this.#watch(statuses);
  }

  /** What was on its way when a connection broke is lost, and what the client sends on the next one would take its sequences. */
  async #watch(statuses: ReturnType<NatsConnection["status"]>): Promise<void> {
    for await (const { type } of statuses) if (type === "disconnect") this.#fail(this.#lost());
  }

  #lost(): RelightError {
    const { stream } = this.#options;
    return new RelightError("CONNECTION_LOST", `the connection was lost during the restore of "${stream}"`);
  }

  /** The sequence that the next message gets. */
  get next(): number {
    return this.#next;
  }

  /** Sends a message as soon as there is room. What becomes of it is known when {@link drained} resolves. */
  async publish(subject: string, headers: Uint8Array, payload: Uint8Array): Promise<void> {
    const id = fieldOf(headers, "Nats-Msg-Id");
    if (id !== undefined) await this.#forgotten(id);
    if (this.#next === this.#options.first) await this.#reached(subject);
    if (this.#sizes.size >= mostInFlight || this.#bytes >= mostBytesInFlight) {
      // Not for each acknowledgement anew.
      await this.#until(() => this.#sizes.size < mostInFlight / 2 && this.#bytes < mostBytesInFlight / 2);
    }
    if (this.#error !== undefined) throw this.#error;
    const size = headers.length + payload.length;
    if (this.#sizes.size === 0) this.#heard = Date.now();
    this.#sizes.set(this.#next, size);
    this.#bytes += size;
    this.#nc.publish(subject, payload, { reply: `${this.#inbox}.${this.#next}`, ...rawHeaders(headers) });
    this.#next++;
  }

  /** Waits until everything is stored. */
  drained(): Promise<void> {
    return this.#until(() => this.#sizes.size === 0);
  }

  close(): void {
    this.#statuses.stop();
    if (!this.#nc.isClosed()) this.#subscription.unsubscribe();
  }

  /** A second message with the same id must not be taken for a duplicate. */
  async #forgotten(id: string): Promise<void> {
    const before = this.#recentIds.get(id);
    if (before !== undefined && performance.now() - before < forgottenMs * 2) {
      await this.drained();
      await sleep(forgottenMs);
    }
    this.#recentIds.delete(id);
    this.#recentIds.set(id, performance.now());
    for (const [old, time] of this.#recentIds) {
      if (performance.now() - time < forgottenMs * 4) break;
      this.#recentIds.delete(old);
    }
  }

  /** Asks until the stream answers, with a message that it has to refuse. */
  async #reached(subject: string): Promise<void> {
    if (!this.#nc.info?.cluster) return;
    const until = Date.now() + firstMessageMs;
    while (Date.now() < until) {
      const heard = await this.#nc.request(subject, "", { timeout: 500, ...rawHeaders(refusedByAll) }).then(
        () => true,
        () => false,
      );
      if (heard) return;
      await sleep(50);
    }
  }

  #receive(subject: string, data: Uint8Array | undefined): void {
    const { stream } = this.#options;
    const sequence = Number(subject.slice(this.#inbox.length + 1));
    this.#heard = Date.now();
    this.#bytes -= this.#sizes.get(sequence) ?? 0;
    this.#sizes.delete(sequence);
    if (data === undefined) {
      this.#refuse(`no stream takes the message that belongs to sequence ${sequence}`);
    } else {
      try {
        const ack = JSON.parse(Buffer.from(data).toString("utf8")) as Ack;
        if (ack.error) this.#refuse(`message ${sequence} was refused: ${ack.error.description}`);
        else if (ack.duplicate) this.#refuse(`message ${sequence} was taken for a duplicate of ${ack.seq}`);
        else if (ack.stream !== stream || ack.seq !== sequence) {
          const where = `sequence ${ack.seq} of "${ack.stream}"`;
          this.#refuse(`message ${sequence} was stored as ${where}: somebody else writes as well`);
        }
      } catch (error) {
        this.#fail(new RelightError("RESTORE_FAILED", `"${stream}": an acknowledgement is no JSON`, { cause: error }));
      }
    }
    if (this.#error !== undefined || this.#condition?.()) this.#notify();
  }

  #refuse(reason: string): void {
    const { stream } = this.#options;
    this.#fail(new RelightError("RESTORE_FAILED", `restore of "${stream}": ${reason}`, { context: { stream } }));
  }

  #fail(error: unknown): void {
    this.#error ??= error;
    this.#notify();
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  async #until(condition: () => boolean): Promise<void> {
    const { stream, signal } = this.#options;
    for (;;) {
      if (this.#error !== undefined) throw this.#error;
      if (signal?.aborted) {
        throw new RelightError("CANCELLED", `the restore of "${stream}" was cancelled`, { cause: signal.reason });
      }
      if (condition()) return;
      if (this.#nc.isClosed()) throw this.#lost();
      if (Date.now() - this.#heard > silenceMs && this.#sizes.size > 0) {
        throw new RelightError("TIMEOUT", `restore of "${stream}": the server stopped taking messages`);
      }
      const woken = Promise.withResolvers<void>();
      this.#wake = woken.resolve;
      this.#condition = condition;
      const timer = setTimeout(woken.resolve, 250);
      await woken.promise;
      clearTimeout(timer);
      this.#condition = undefined;
    }
  }
}

/** The client calls nothing but encode() on the headers that it publishes. */
function rawHeaders(block: Uint8Array): { headers?: MsgHdrs } {
  return block.length === 0 ? {} : { headers: { encode: () => block } as unknown as MsgHdrs };
}
