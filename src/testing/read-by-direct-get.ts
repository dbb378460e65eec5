import type { Msg, NatsConnection } from "@nats-io/nats-core";
import { createInbox } from "@nats-io/nats-core";
import type { MessageTable } from "./message-table.ts";
import { nanoseconds } from "./nanoseconds.ts";
import { rawMessage } from "./raw-message.ts";

const batchSize = 1_000;
const batchBytes = 16 * 1024 * 1024;
const idleLimitMs = 15_000;
const appendedMark = "\r\nNats-Stream: ";

/**
 * Reads a whole stream in batches of direct gets: needs `allow_direct` and nats-server 2.11, has no side effect, and so
 * is the quick way for large work queues and interest streams. Any replica may answer, also one that lags.
 *
 * The server appends its own headers (Nats-Stream, Nats-Subject, Nats-Sequence, …) to the message's; they are cut off
 * again here. One thing cannot be told apart: a message with an empty header block looks like one without any.
 */
export async function readByDirectGet(
  nc: NatsConnection,
  stream: string,
  table: MessageTable,
  firstSequence: number,
): Promise<void> {
  let next = Math.max(1, firstSequence);
  for (;;) {
    const before = table.length;
    const pending = await readBatch(nc, stream, table, next);
    if (pending === 0 || table.length === before) return;
    next = table.sequenceAt(table.length - 1) + 1;
  }
}

/** One batch from a sequence on; returns how many messages come after it. */
async function readBatch(nc: NatsConnection, stream: string, table: MessageTable, sequence: number): Promise<number> {
  const inbox = createInbox();
  const done = Promise.withResolvers<number>();
  let timer = setTimeout(() => undefined, 0);
  const restart = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => done.reject(new Error(`${stream}: a direct get stopped`)), idleLimitMs);
  };
  const subscription = nc.subscribe(inbox, {
    callback: (error, message) => {
      restart();
      if (error) return done.reject(error);
      try {
        const end = receive(message, table);
        if (end !== undefined) done.resolve(end);
      } catch (cause) {
        done.reject(cause);
      }
    },
  });
  try {
    restart();
    const query = { seq: sequence, next_by_subj: ">", batch: batchSize, max_bytes: batchBytes };
    nc.publish(`$JS.API.DIRECT.GET.${stream}`, JSON.stringify(query), { reply: inbox });
    return await done.promise;
  } finally {
    clearTimeout(timer);
    subscription.unsubscribe();
  }
}

/** Adds one message of a batch; at the batch's end returns the number still pending instead. */
function receive(message: Msg, table: MessageTable): number | undefined {
  const { headers, payload } = rawMessage(message);
  const text = Buffer.from(headers).toString("latin1");
  const status = /^NATS\/1\.0 (\d{3})[^\r]*/.exec(text);
  if (status) {
    const pending = Number(/\r\nNats-Num-Pending: (\d+)\r\n/.exec(text)?.[1] ?? "0");
    if (status[1] === "204") return pending;
    if (status[1] === "404") return 0;
    throw new Error(`direct get ended with ${status[0]}`);
  }
  // The last occurrence: a message that was republished before may carry headers of these names itself.
  const cut = text.lastIndexOf(appendedMark);
  const appended = text.slice(cut);
  const field = (name: string): string | undefined => new RegExp(`\r\n${name}: ([^\r]*)\r\n`).exec(appended)?.[1];
  const sequence = field("Nats-Sequence");
  const time = field("Nats-Time-Stamp");
  const subject = field("Nats-Subject");
  if (cut < 0 || !sequence || !time || subject === undefined) throw new Error("no answer of a direct get");
  if (field("Nats-Num-Pending") === undefined) throw new Error("this server knows no batches of direct gets");
  const own = cut === "NATS/1.0".length ? new Uint8Array(0) : Buffer.from(`${text.slice(0, cut)}\r\n\r\n`, "latin1");
  const subjectText = Buffer.from(subject, "latin1").toString("utf8");
  table.push(Number(sequence), nanoseconds(time), subjectText, own, payload);
  return undefined;
}
