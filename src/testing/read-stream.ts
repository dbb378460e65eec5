import type { NatsConnection } from "@nats-io/nats-core";
import { jsRequest } from "./js-request.ts";
import { MessageTable } from "./message-table.ts";
import { readByConsumer } from "./read-by-consumer.ts";
import { readByDirectGet } from "./read-by-direct-get.ts";
import { readByMessageGet } from "./read-by-message-get.ts";
import { type ConsumerFacts, readConsumers } from "./read-consumers.ts";
import { type StreamFacts, versionAtLeast } from "./stream-info.ts";

export type ReadMethod = "consumer" | "direct-get" | "message-get";

/** A stream as it is: configuration, state, every live message, every consumer. */
export interface StreamContents {
  readonly name: string;
  readonly info: StreamFacts;
  readonly messages: MessageTable;
  /** Read before the messages; empty when not asked for. */
  readonly consumers: readonly ConsumerFacts[];
  readonly method: ReadMethod;
}

export interface ReadStreamOptions {
  /** Keep hashes instead of the bytes; true by default. */
  readonly hashOnly?: boolean;
  /** Read the consumers too; true by default. */
  readonly consumers?: boolean;
  /** The way to read; chosen by the stream's retention, size and the server's version by default. */
  readonly method?: ReadMethod;
}

const attempts = 3;
/** Above this many messages a work queue is read in batches where the server can. */
const manyMessages = 2_000;

/**
 * Reads every live message of a stream, and proves it: the number, the first and the last sequence must be what the
 * server says before and after; a stream that moved meanwhile is read again, up to three times.
 *
 * Throws when the stream does not exist, when nothing comes any more, and when what was read is not what the server
 * says it holds.
 */
export async function readStream(
  nc: NatsConnection,
  name: string,
  options: ReadStreamOptions = {},
): Promise<StreamContents> {
  let info = await jsRequest<StreamFacts>(nc, `STREAM.INFO.${name}`);
  for (let attempt = 1; ; attempt++) {
    const consumers = options.consumers === false ? [] : await readConsumers(nc, name);
    const messages = new MessageTable({ keepContent: options.hashOnly === false });
    const method = options.method ?? chooseMethod(nc, info);
    await read[method](nc, name, messages, info.state);
    const after = await jsRequest<StreamFacts>(nc, `STREAM.INFO.${name}`);
    const moved = sameState(info.state, after.state) ? undefined : "the stream changed while it was read";
    const problem = moved ?? doubt(messages, info.state);
    if (!problem) return { name, info, messages, consumers, method };
    if (attempt === attempts) throw new Error(`${name}, read by ${method}: ${problem}`);
    info = after;
  }
}

const read: Record<
  ReadMethod,
  (nc: NatsConnection, name: string, table: MessageTable, state: StreamFacts["state"]) => Promise<void>
> = {
  consumer: (nc, name, table, state) => readByConsumer(nc, name, table, state.messages),
  "direct-get": (nc, name, table, state) =>
    state.messages === 0 ? Promise.resolve() : readByDirectGet(nc, name, table, state.first_seq),
  "message-get": (nc, name, table, state) => readByMessageGet(nc, name, table, state),
};

function chooseMethod(nc: NatsConnection, info: StreamFacts): ReadMethod {
  const maxConsumers = Number(info.config.max_consumers ?? -1);
  const roomForOne = maxConsumers <= 0 || info.state.consumer_count < maxConsumers;
  const limits = info.config.retention === undefined || info.config.retention === "limits";
  // Limits for consumers may forbid one that acknowledges nothing.
  const limited = Object.keys(info.config.consumer_limits ?? {}).length > 0;
  if (limits && roomForOne && !limited) return "consumer";
  const batches = info.config.allow_direct === true && versionAtLeast(nc.info?.version ?? "0.0.0", "2.11.0");
  return batches && info.state.messages > manyMessages ? "direct-get" : "message-get";
}

/** What is wrong with the messages read, given the state they should be. */
function doubt(messages: MessageTable, state: StreamFacts["state"]): string | undefined {
  if (messages.length !== state.messages) return `${messages.length} messages came of ${state.messages}`;
  if (messages.length === 0) return undefined;
  const first = messages.sequenceAt(0);
  const last = messages.sequenceAt(messages.length - 1);
  if (first !== state.first_seq) return `sequence ${first} came first instead of ${state.first_seq}`;
  if (last > state.last_seq) return `sequence ${last} came, above the last, ${state.last_seq}`;
  return undefined;
}

function sameState(a: StreamFacts["state"], b: StreamFacts["state"]): boolean {
  return a.messages === b.messages && a.first_seq === b.first_seq && a.last_seq === b.last_seq && a.bytes === b.bytes;
}
