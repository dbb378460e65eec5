import type { Msg, NatsConnection } from "@nats-io/nats-core";
import { createInbox } from "@nats-io/nats-core";
import { awaitInterest } from "./await-interest.ts";
import { jsRequest } from "./js-request.ts";
import { JsonRecords } from "./json-records.ts";
import { RandomBytes } from "./random-bytes.ts";
import type { StreamFacts } from "./stream-info.ts";

export interface FillOptions {
  readonly messages: number;
  /** Bytes of each payload. */
  readonly size: number;
  /** JSON records that compress well, or random bytes that do not. */
  readonly kind: "json" | "random";
  /** Subjects to publish to in turn; the stream must take them. */
  readonly subjects: readonly string[];
  /** The same seed gives the same content; 1 by default. */
  readonly seed?: number;
  /** Called about every 100 acknowledgements. */
  readonly onProgress?: (published: number) => void;
}

export interface FillResult {
  readonly messages: number;
  /** Bytes of all payloads. */
  readonly bytes: number;
  readonly milliseconds: number;
}

/** A stream's queue refuses more than 10,000 waiting messages; the rest is room for the server to breathe. */
const messagesInFlight = 4_000;
const bytesInFlight = 16 * 1024 * 1024;

/**
 * Fills an existing stream quickly, a million records of 0.5 KB in some 10 seconds. The content follows from the seed.
 *
 * Only every few hundredth message asks for an acknowledgement, which vouches for those before it, as they come in order.
 * Throws when one is refused, and when the stream has not grown by exactly `messages` sequences in the end.
 */
export async function fillStream(nc: NatsConnection, stream: string, options: FillOptions): Promise<FillResult> {
  const started = performance.now();
  await awaitInterest(nc, options.subjects.slice(0, 1));
  const before = await lastSequence(nc, stream);
  const acknowledge = Math.max(1, Math.min(500, Math.floor(bytesInFlight / 8 / options.size)));
  const groupsInFlight = Math.max(
    2,
    Math.floor(Math.min(messagesInFlight, bytesInFlight / options.size) / acknowledge),
  );
  const acks = new AckCounter(nc, before);
  try {
    const payloads = options.kind === "json" ? jsonPayloads(options) : randomPayloads(options);
    for (let i = 0; i < options.messages; i++) {
      const subject = options.subjects[i % options.subjects.length];
      if (subject === undefined) throw new Error("fillStream needs a subject");
      const last = i === options.messages - 1;
      if ((i + 1) % acknowledge !== 0 && !last) {
        nc.publish(subject, payloads());
        continue;
      }
      nc.publish(subject, payloads(), { reply: acks.inbox });
      await acks.expect(i + 1, last ? 0 : groupsInFlight - 1);
      options.onProgress?.(i + 1);
    }
  } finally {
    acks.stop();
  }
  const grown = (await lastSequence(nc, stream)) - before;
  if (grown !== options.messages) throw new Error(`${stream} grew by ${grown} messages instead of ${options.messages}`);
  const milliseconds = Math.round(performance.now() - started);
  return { messages: options.messages, bytes: options.messages * options.size, milliseconds };
}

function jsonPayloads(options: FillOptions): () => Uint8Array {
  const records = new JsonRecords(options.seed ?? 1);
  return () => Buffer.from(records.next(options.size), "latin1");
}

function randomPayloads(options: FillOptions): () => Uint8Array {
  const random = new RandomBytes(options.seed ?? 1);
  return () => random.next(options.size);
}

async function lastSequence(nc: NatsConnection, stream: string): Promise<number> {
  const info = await jsRequest<StreamFacts>(nc, `STREAM.INFO.${stream}`);
  // A stream whose first sequence is configured counts from the one before it.
  return Math.max(info.state.last_seq, Number(info.config.first_seq ?? 1) - 1);
}

/** Counts the acknowledgements of a run of messages and checks that each has the sequence it must have. */
class AckCounter {
  readonly inbox = createInbox();
  readonly #before: number;
  readonly #expected: number[] = [];
  readonly #subscription: { unsubscribe(): void };
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(nc: NatsConnection, before: number) {
    this.#before = before;
    this.#subscription = nc.subscribe(this.inbox, { callback: (error, message) => this.#receive(error, message) });
  }

  /** Notes that message number `index` (from 1) was sent, and waits until at most `outstanding` answers are missing. */
  async expect(index: number, outstanding: number): Promise<void> {
    this.#expected.push(index);
    while (this.#expected.length > outstanding && !this.#failure) {
      const woken = Promise.withResolvers<void>();
      this.#wake = woken.resolve;
      const timer = setTimeout(() => {
        this.#failure = new Error("the stream acknowledges nothing any more");
        woken.resolve();
      }, 30_000);
      await woken.promise;
      clearTimeout(timer);
    }
    if (this.#failure) throw this.#failure;
  }

  stop(): void {
    this.#subscription.unsubscribe();
  }

  #receive(error: Error | null, message: Msg): void {
    if (error) this.#failure = error;
    else this.#check(message);
    this.#wake?.();
  }

  #check(message: Msg): void {
    if (message.data.length === 0) {
      this.#failure = new Error("no stream takes this subject");
      return;
    }
    const ack = message.json<{ readonly seq?: number; readonly error?: { readonly description?: string } }>();
    const index = this.#expected.shift();
    if (ack.error) this.#failure = new Error(`a message was refused: ${ack.error.description}`);
    else if (index === undefined || ack.seq !== this.#before + index) {
      this.#failure = new Error(`message ${index} was stored as sequence ${ack.seq}, after ${this.#before}`);
    }
  }
}
