import { createInbox, headers, type Msg } from "@nats-io/nats-core";
import { rawMessage } from "../../jetstream/capture/raw-message.ts";
import type { JetStreamApi } from "../../jetstream/jetstream-api.ts";
import { answeringServer, type MessageTrace } from "./answering-server.ts";
import type { Fetched } from "./fetched.ts";
import { Listening, type ListeningOptions } from "./listening.ts";
import { messageDigest } from "./message-digest.ts";
import { batchBytes } from "./replica-access.ts";

export interface DirectGetOptions extends ListeningOptions {
  readonly api: JetStreamApi;
  readonly stream: string;
  /** The first sequence to read. */
  readonly from: number;
  readonly batch: number;
}

export interface DirectAnswer {
  /** Whose replica it was read from; null: that is not known for certain. */
  readonly server: string | null;
  readonly fetched: Fetched;
}

/** What the server adds at the end of a header block, and what changes from one answer to the next. */
const changing = /\r\nNats-Num-Pending: \d+\r\nNats-Last-Sequence: \d+\r\n\r\n$/;
/** How long the traces may be behind the messages, in ms. */
const traceMs = 1_000;

/**
 * Asks any one of a stream's replicas for its next messages, and finds out by a trace of the request which one it was (both from 2.11
 * on). Takes nothing and leaves nothing. Source: nats-server `server/stream.go` (`getDirectRequest`), `server/msgtrace.go`.
 *
 * Never throws for what the server does.
 */
export async function directGet(options: DirectGetOptions): Promise<DirectAnswer> {
  const { api, stream, from, batch } = options;
  const { connection, prefix, inboxPrefix } = api;
  const inbox = createInbox(inboxPrefix);
  const traces: MessageTrace[] = [];
  const sequences: number[] = [];
  const digests: number[] = [];
  let traced = Promise.withResolvers<void>();
  let bytes = 0;
  let foreign = false;
  using listening = new Listening(connection, `${inbox}.*`, receive, options);

  function receive(message: Msg): void {
    const code = message.headers?.code ?? 0;
    if (message.subject.endsWith(".trace")) {
      traces.push(message.json<MessageTrace>());
      traced.resolve();
    } else if (code === 0) take(message);
    else listening.end(endOf(code, sequences.length));
  }
  function take(message: Msg): void {
    // A mirror may answer for its origin.
    if (message.headers?.last("Nats-Stream") !== stream) foreign = true;
    const raw = rawMessage(message);
    const sequence = Number(message.headers?.last("Nats-Sequence"));
    const block = Buffer.from(raw.headers).toString("latin1").replace(changing, "");
    sequences.push(sequence);
    digests.push(messageDigest({ streamSequence: sequence, time: 0n }, { ...raw, ...told(block) }));
    bytes += raw.headers.length + raw.payload.length;
  }

  const request = JSON.stringify({ seq: from, batch, max_bytes: batchBytes, next_by_subj: ">" });
  const asking = headers();
  asking.set("Nats-Trace-Dest", `${inbox}.trace`);
  connection.publish(`${prefix}.DIRECT.GET.${stream}`, request, { reply: `${inbox}.message`, headers: asking });
  const end = await listening.ended;
  const until = Date.now() + traceMs;
  while (!foreign && end !== "silent" && answeringServer(traces) === undefined && Date.now() < until) {
    traced = Promise.withResolvers();
    const timer = setTimeout(traced.resolve, until - Date.now());
    await traced.promise;
    clearTimeout(timer);
  }
  const server = foreign ? null : (answeringServer(traces) ?? null);
  return { server, fetched: { sequences, digests, end, bytes } };
}

/** The subject and the time are in the header block. */
const told = (block: string) => ({ subject: new Uint8Array(), headers: Buffer.from(block, "latin1") });

/** 204: that was all, or all that fits. 404: no message from there on, which does not mean that there is none. */
function endOf(code: number, received: number): Fetched["end"] {
  if (code === 404) return "empty";
  return code === 204 ? (received > 0 ? "full" : "empty") : "gone";
}
