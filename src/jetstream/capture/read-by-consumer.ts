import { createInbox, type Msg } from "@nats-io/nats-core";
import { isRelightError, RelightError } from "../../errors.ts";
import type { ConsumerInfo } from "../api-types.ts";
import type { CaptureEnd, CaptureRange } from "./capture-sink.ts";
import { parseDelivery } from "./delivery.ts";
import { captureConsumerDescription } from "./own-consumers.ts";
import { rawMessage } from "./raw-message.ts";

/** A server that has nothing to send says so this often. */
const heartbeatNs = 500_000_000;
/** The server removes the consumer itself where this process dies. */
const inactiveNs = 10_000_000_000;

/**
 * Reads through an ordered consumer: ephemeral, in memory, acknowledging nothing, each delivery counted. The server stops
 * where its requests for flow control are not answered, which waits for the sink. The consumer is removed in the end.
 *
 * Throws what the API throws, and the sink; `unsuitable` where the server refuses the consumer.
 */
export async function readByConsumer(range: CaptureRange): Promise<CaptureEnd> {
  const { api, stream } = range;
  const nc = api.connection;
  const inbox = createInbox(range.inboxPrefix);
  const reading = new OrderedReading(range);
  const subscription = nc.subscribe(inbox, { callback: (error, message) => reading.receive(error, message) });
  let consumer: string | undefined;
  try {
    const made = await createConsumer(range, inbox);
    if (typeof made !== "object") return { outcome: "unsuitable", next: range.from, reason: made };
    consumer = made.name;
    if (made.num_pending === 0) return { outcome: "done", next: range.through + 1 };
    return await reading.ended(made.name);
  } finally {
    reading.stop();
    subscription.unsubscribe();
    if (consumer !== undefined) await removeConsumer(range, stream, consumer);
  }
}

/** The consumer, or why the server refuses to make it. */
async function createConsumer({ api, stream, from }: CaptureRange, inbox: string): Promise<ConsumerInfo | string> {
  try {
    return await api.request<ConsumerInfo>(`CONSUMER.CREATE.${stream}`, {
      stream_name: stream,
      config: {
        description: captureConsumerDescription,
        deliver_subject: inbox,
        ...(from > 1 ? { deliver_policy: "by_start_sequence", opt_start_seq: from } : { deliver_policy: "all" }),
        ack_policy: "none",
        replay_policy: "instant",
        max_deliver: 1,
        flow_control: true,
        idle_heartbeat: heartbeatNs,
        inactive_threshold: inactiveNs,
        mem_storage: true,
        num_replicas: 1,
      },
    });
  } catch (error) {
    if (isRelightError(error, "API_ERROR") || isRelightError(error, "PERMISSION_DENIED")) return error.message;
    throw error;
  }
}

/** Where the connection is gone just now, the server removes the consumer itself after a while of silence. */
async function removeConsumer({ api }: CaptureRange, stream: string, consumer: string): Promise<void> {
  try {
    await api.request(`CONSUMER.DELETE.${stream}.${consumer}`, undefined, { timeoutMs: 2_000 });
  } catch (error) {
    if (!(error instanceof RelightError)) throw error;
  }
}

/** The receiving side of one consumer. */
class OrderedReading {
  readonly #range: CaptureRange;
  readonly #end = Promise.withResolvers<CaptureEnd>();
  readonly #watch: NodeJS.Timeout;
  #next: number;
  #delivery = 1;
  #heard = Date.now();
  #stopped = false;
  /** The delivery that was due at the last heartbeat. */
  #dueAtHeartbeat = 0;
  #consumer: string | undefined;
  #asking = false;

  constructor(range: CaptureRange) {
    this.#range = range;
    this.#next = range.from;
    // A failure before anybody waits must not be an unhandled one.
    this.#end.promise.catch(() => {});
    this.#watch = setInterval(() => this.#look(), 250);
  }

  ended(consumer: string): Promise<CaptureEnd> {
    this.#consumer = consumer;
    this.#heard = Date.now();
    return this.#end.promise;
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#watch);
  }

  receive(error: Error | null, message: Msg): void {
    if (this.#stopped) return;
    try {
      if (error) throw error;
      this.#heard = Date.now();
      if (this.#range.signal?.aborted) this.#interrupt("cancelled");
      else this.#take(message);
    } catch (cause) {
      this.stop();
      this.#end.reject(cause);
    }
  }

  #take(message: Msg): void {
    const { through, sink } = this.#range;
    const reply = message.reply ?? "";
    const delivery = parseDelivery(reply);
    if (!delivery) {
      this.#status(message, reply);
      return;
    }
    if (delivery.consumerSequence !== this.#delivery) {
      this.#interrupt(`delivery ${delivery.consumerSequence} came where ${this.#delivery} was due`);
      return;
    }
    this.#delivery++;
    if (delivery.streamSequence <= through) {
      const { subject, headers, payload } = rawMessage(message);
      sink.take(delivery.streamSequence, delivery.time, subject, headers, payload);
      this.#next = delivery.streamSequence + 1;
    }
    if (delivery.streamSequence >= through || delivery.pending === 0) this.#done();
  }

  /** A request for flow control wants an answer; a heartbeat may be the word that there is no more. */
  #status(message: Msg, reply: string): void {
    const stalled = message.headers?.get("Nats-Consumer-Stalled") ?? "";
    if (reply || stalled) {
      this.#answer(reply || stalled);
      return;
    }
    const sent = Number(message.headers?.get("Nats-Last-Consumer") ?? Number.NaN);
    if (sent >= this.#delivery) {
      // What was sent before a heartbeat arrives before it.
      this.#interrupt(`deliveries up to ${sent} were sent, ${this.#delivery} did not come`);
    } else if (this.#dueAtHeartbeat === this.#delivery) void this.#askForTheRest();
    else this.#dueAtHeartbeat = this.#delivery;
  }

  #answer(subject: string): void {
    this.#range.sink.room().then(
      () => {
        this.#heard = Date.now();
        const { connection } = this.#range.api;
        if (!this.#stopped && !connection.isClosed()) connection.publish(subject);
      },
      (error: unknown) => this.#end.reject(error),
    );
  }

  /** What is left to be delivered can have been deleted meanwhile, of which nobody is told. */
  async #askForTheRest(): Promise<void> {
    const { api, stream, through } = this.#range;
    if (this.#asking || this.#consumer === undefined) return;
    this.#asking = true;
    try {
      const due = this.#delivery;
      const info = await api.request<ConsumerInfo>(`CONSUMER.INFO.${stream}.${this.#consumer}`);
      const nothingComes = due === this.#delivery && info.delivered.consumer_seq === due - 1;
      if (nothingComes && (info.num_pending === 0 || info.delivered.stream_seq >= through)) this.#done();
    } catch (error) {
      this.#interrupt(error instanceof Error ? error.message : String(error));
    } finally {
      this.#asking = false;
    }
  }

  #look(): void {
    const { signal, silenceMs } = this.#range;
    if (signal?.aborted) this.#interrupt("cancelled");
    else if (this.#range.api.connection.isClosed()) this.#interrupt("the connection was closed");
    else if (Date.now() - this.#heard > silenceMs) this.#interrupt(`nothing came for ${silenceMs / 1000} s`);
  }

  #done(): void {
    this.stop();
    this.#end.resolve({ outcome: "done", next: this.#range.through + 1 });
  }

  #interrupt(reason: string): void {
    this.stop();
    this.#end.resolve({ outcome: "interrupted", next: this.#next, reason });
  }
}
