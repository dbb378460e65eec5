import type { NatsConnection } from "@nats-io/nats-core";
import { JsApiError, jsRequest } from "./js-request.ts";
import type { MessageTable } from "./message-table.ts";
import { nanoseconds } from "./nanoseconds.ts";
import type { StreamFacts } from "./stream-info.ts";

interface StoredMessage {
  readonly subject: string;
  readonly seq: number;
  readonly hdrs?: string;
  readonly data?: string;
  readonly time: string;
}

const noMessageFound = 10037;
const bytesInFlight = 16 * 1024 * 1024;
const requestsInFlight = 256;

/**
 * Reads a whole stream by asking for one message after the other: exact on every version, for every kind of stream, and
 * without any side effect. Some ten thousand messages a second.
 *
 * Jumps over gaps of any width (`next_by_subj` ">"), then asks for a window of single sequences at a time.
 */
export async function readByMessageGet(
  nc: NatsConnection,
  stream: string,
  table: MessageTable,
  state: StreamFacts["state"],
): Promise<void> {
  if (state.messages === 0) return;
  const average = Math.max(1, state.bytes / state.messages);
  const window = Math.max(1, Math.min(requestsInFlight, Math.floor(bytesInFlight / average)));
  let sequence = Math.max(1, state.first_seq);
  while (sequence <= state.last_seq) {
    const first = await getMessage(nc, stream, { seq: sequence, next_by_subj: ">" });
    if (!first) return;
    push(table, first);
    const rest = [];
    for (let next = first.seq + 1; next < first.seq + window && next <= state.last_seq; next++) {
      rest.push(getMessage(nc, stream, { seq: next }));
    }
    for (const message of await Promise.all(rest)) {
      if (message) push(table, message);
    }
    sequence = first.seq + window;
  }
}

/** One message by STREAM.MSG.GET, or undefined where there is none. */
async function getMessage(nc: NatsConnection, stream: string, query: object): Promise<StoredMessage | undefined> {
  try {
    const answer = await jsRequest<{ readonly message: StoredMessage }>(nc, `STREAM.MSG.GET.${stream}`, query);
    return answer.message;
  } catch (error) {
    if (error instanceof JsApiError && error.errCode === noMessageFound) return undefined;
    throw error;
  }
}

function push(table: MessageTable, message: StoredMessage): void {
  const headers = Buffer.from(message.hdrs ?? "", "base64");
  const payload = Buffer.from(message.data ?? "", "base64");
  table.push(message.seq, nanoseconds(message.time), message.subject, headers, payload);
}
