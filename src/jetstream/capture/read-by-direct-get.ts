import { createInbox, type Msg } from "@nats-io/nats-core";
import type { CaptureEnd, CaptureRange } from "./capture-sink.ts";
import { directGetAnswer } from "./direct-get-answer.ts";
import { rawMessage } from "./raw-message.ts";

const batchMessages = 2_000;
const batchBytes = 8 * 1024 * 1024;

interface Reading {
  next: number;
  /** Messages behind the last one of this batch: goes down by one with each, so that a lost one is noticed. */
  pending: number | undefined;
}

/** What one batch came to: messages behind it, and the stream's last sequence; or why there was none. */
type BatchEnd = { readonly pending: number; readonly last: number } | { readonly problem: string };

/**
 * Reads in batches of direct gets: from nats-server 2.11 on, of streams with `allow_direct`, without any side effect. The
 * server appends fields to each message's headers, which are cut off again; a block that was empty comes as none.
 */
export async function readByDirectGet(range: CaptureRange): Promise<CaptureEnd> {
  const { through, sink, signal } = range;
  const reading: Reading = { next: range.from, pending: undefined };
  for (;;) {
    if (signal?.aborted) return { outcome: "interrupted", next: reading.next, reason: "cancelled" };
    await sink.room();
    reading.pending = undefined;
    const end = await readBatch(range, reading);
    if ("problem" in end) return { outcome: "unsuitable", next: reading.next, reason: end.problem };
    if (reading.next > through) return { outcome: "done", next: through + 1 };
    // Whoever answers has not seen what the leader has.
    if (end.last < through) return { outcome: "unsuitable", next: reading.next, reason: "a replica or a mirror lags" };
    if (end.pending === 0) return { outcome: "done", next: through + 1 };
  }
}

async function readBatch(range: CaptureRange, reading: Reading): Promise<BatchEnd> {
  const { api, stream, signal, silenceMs } = range;
  const nc = api.connection;
  const inbox = createInbox(range.inboxPrefix);
  const done = Promise.withResolvers<BatchEnd>();
  let heard = Date.now();
  const subscription = nc.subscribe(inbox, {
    callback: (error, message) => {
      heard = Date.now();
      try {
        if (error) throw error;
        const end = receive(message, range, reading);
        if (end) done.resolve(end);
      } catch (cause) {
        done.reject(cause);
      }
    },
  });
  const watch = setInterval(() => {
    if (signal?.aborted) done.resolve({ problem: "cancelled" });
    else if (nc.isClosed()) done.resolve({ problem: "the connection was closed" });
    else if (Date.now() - heard > silenceMs) done.resolve({ problem: `nothing came for ${silenceMs / 1000} s` });
  }, 250);
  try {
    const query = { seq: reading.next, next_by_subj: ">", batch: batchMessages, max_bytes: batchBytes };
    nc.publish(`${api.prefix}.DIRECT.GET.${stream}`, JSON.stringify(query), { reply: inbox });
    return await done.promise;
  } finally {
    clearInterval(watch);
    subscription.unsubscribe();
  }
}

/** Takes one message of a batch; says how the batch ended instead where it has. */
function receive(message: Msg, { through, sink }: CaptureRange, reading: Reading): BatchEnd | undefined {
  const { headers, payload } = rawMessage(message);
  const answer = directGetAnswer(headers);
  const { field } = answer;
  if (answer.status !== undefined) {
    const { status, description } = answer;
    const number = (name: string): number => Number(/^\d+$/.exec(field(name) ?? "")?.[0] ?? "0");
    if (status === "204") return { pending: number("Nats-Num-Pending"), last: number("Nats-Last-Sequence") };
    // No message from here on.
    if (status === "404") return { pending: 0, last: through };
    return { problem: `a batch of direct gets ended with ${status}${description}` };
  }
  const { sequence } = answer;
  const pending = field("Nats-Num-Pending");
  if (pending === undefined) return { problem: "the server knows no batches of direct gets" };
  if (sequence < reading.next || (reading.pending !== undefined && Number(pending) !== reading.pending - 1)) {
    return { problem: `messages of a batch were lost before sequence ${sequence}` };
  }
  reading.pending = Number(pending);
  if (sequence > through) {
    reading.next = through + 1;
    return { pending: 0, last: through };
  }
  sink.take(sequence, answer.time, answer.subject, answer.headers, payload);
  reading.next = sequence + 1;
  return undefined;
}
