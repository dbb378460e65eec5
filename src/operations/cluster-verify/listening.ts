import type { Msg, NatsConnection } from "@nats-io/nats-core";
import type { Fetched } from "./fetched.ts";

export interface ListeningOptions {
  /** Silence that ends it, in ms. */
  readonly silenceMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Hears the answers to one request, until it is told that they ended, nobody is left to answer, or nothing came for too long. */
export class Listening implements Disposable {
  readonly ended: Promise<Fetched["end"]>;
  /** Says how it ended; what is said later does not count. */
  readonly end: (how: Fetched["end"]) => void;
  readonly #subscription: { unsubscribe(): void };
  readonly #watch: NodeJS.Timeout;
  #heard = Date.now();

  constructor(
    connection: NatsConnection,
    subject: string,
    receive: (message: Msg) => void,
    { silenceMs, signal }: ListeningOptions,
  ) {
    const { promise, resolve } = Promise.withResolvers<Fetched["end"]>();
    this.ended = promise;
    this.end = resolve;
    this.#subscription = connection.subscribe(subject, {
      callback: (error, message) => {
        this.#heard = Date.now();
        if (error) resolve("gone");
        else receive(message);
      },
    });
    this.#watch = setInterval(() => {
      if (signal?.aborted || connection.isClosed()) resolve("gone");
      else if (Date.now() - this.#heard > silenceMs) resolve("silent");
    }, 100);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#watch);
    this.#subscription.unsubscribe();
  }
}
