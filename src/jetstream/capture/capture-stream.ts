import { setTimeout as sleep } from "node:timers/promises";
import { isRelightError, RelightError } from "../../errors.ts";
import type { StreamInfo } from "../api-types.ts";
import type { JetStreamApi } from "../jetstream-api.ts";
import type { CaptureEnd, CaptureReader, CaptureSink } from "./capture-sink.ts";
import { type CaptureMethod, chooseMethods } from "./choose-method.ts";
import { readByConsumer } from "./read-by-consumer.ts";
import { readByDirectGet } from "./read-by-direct-get.ts";
import { readByMessageGet } from "./read-by-message-get.ts";
import { readBySingleDirectGet } from "./read-by-single-direct-get.ts";

export interface CaptureOptions {
  readonly sink: CaptureSink;
  readonly inboxPrefix?: string;
  /** Ways of reading to try, instead of those that fit a stream with a leader. */
  readonly methods?: readonly CaptureMethod[];
  /** Read from the stream's leader only, also where that is slower. */
  readonly exact?: boolean;
  /** Silence after which the rest is asked for anew, in milliseconds. Default 4,000. */
  readonly silenceMs?: number;
  /** How long a server may take to come back, in milliseconds. Default 30,000. */
  readonly comingBackMs?: number;
  readonly signal?: AbortSignal;
}

export interface Captured {
  /** The ways it was read, in their order: more than one where the first did not work to the end. */
  readonly methods: readonly CaptureMethod[];
  /** How often it had to be taken up again, and why. */
  readonly interruptions: readonly string[];
  /** The stream afterwards. */
  readonly after: StreamInfo;
}

const readers: Readonly<Record<CaptureMethod, CaptureReader>> = {
  consumer: readByConsumer,
  "direct-get": readByDirectGet,
  "single-direct-get": readBySingleDirectGet,
  "message-get": readByMessageGet,
};

/**
 * Reads a stream message by message, in ascending order, through the last sequence that `info` says it has. A lost delivery,
 * a silence or a lost connection is noticed, and the reading goes on behind the last message that came.
 *
 * Throws SNAPSHOT_UNSUPPORTED (no way of reading works), SNAPSHOT_STALLED (nothing comes any more), SOURCE_CHANGED (it is not
 * the same stream any more), STREAM_NOT_FOUND, CONNECTION_LOST, CANCELLED, and what the sink throws.
 */
export async function captureStream(api: JetStreamApi, info: StreamInfo, options: CaptureOptions): Promise<Captured> {
  const { signal, comingBackMs = 30_000 } = options;
  const { name } = info.config;
  const { state } = info;
  const through = state.last_seq;
  const imported = !/^\$JS\.(?:[^.]+\.)?API$/.test(api.prefix);
  const { exact = false } = options;
  const waiting = [...(options.methods ?? chooseMethods(info, api.serverVersion, { imported, exact }))];
  const methods: CaptureMethod[] = [];
  const interruptions: string[] = [];
  let next = Math.max(1, state.first_seq);
  let until: number | undefined;
  let refused = "";
  for (let method = waiting.shift(); state.messages > 0 && next <= through; ) {
    if (signal?.aborted) throw cancelled(name, signal);
    if (method === undefined) {
      const message = `the server hands out no messages of "${name}": ${refused}`;
      throw new RelightError("SNAPSHOT_UNSUPPORTED", message, { context: { stream: name } });
    }
    if (methods.at(-1) !== method) methods.push(method);
    const end = await readers[method]({
      api,
      stream: name,
      from: next,
      through,
      averageBytes: state.bytes / state.messages,
      sink: options.sink,
      silenceMs: options.silenceMs ?? 4_000,
      ...(options.inboxPrefix ? { inboxPrefix: options.inboxPrefix } : {}),
      ...(signal ? { signal } : {}),
    }).catch((error: unknown) => passing(error, next));
    if (end.next > next || end.outcome === "done") until = undefined;
    next = end.next;
    if (end.outcome === "done") break;
    if (end.outcome === "unsuitable") {
      refused = end.reason ?? "";
      if (methods.at(-1) === method && waiting.length > 0 && next === Math.max(1, state.first_seq)) methods.pop();
      method = waiting.shift();
      continue;
    }
    if (signal?.aborted) throw cancelled(name, signal);
    interruptions.push(end.reason ?? "");
    until ??= Date.now() + comingBackMs;
    await sameStream(api, info, until, end);
  }
  if (signal?.aborted) throw cancelled(name, signal);
  const after = await api.streamInfo(name);
  stillIs(info, after);
  return { methods, interruptions, after };
}

/** What a server that is away for a moment causes; everything else is thrown on. */
function passing(error: unknown, next: number): CaptureEnd {
  for (const code of ["TIMEOUT", "CONNECTION_LOST", "STREAM_OFFLINE", "JETSTREAM_UNAVAILABLE"] as const) {
    if (isRelightError(error, code)) return { outcome: "interrupted", next, reason: error.message };
  }
  throw error;
}

/** Waits until the server answers again. */
async function sameStream(api: JetStreamApi, info: StreamInfo, until: number, end: CaptureEnd): Promise<void> {
  const { name } = info.config;
  for (;;) {
    if (api.connection.isClosed()) {
      throw new RelightError("CONNECTION_LOST", `the connection was lost while "${name}" was read`);
    }
    if (Date.now() >= until) {
      const message = `the server stopped handing out messages of "${name}" at sequence ${end.next}: ${end.reason ?? ""}`;
      throw new RelightError("SNAPSHOT_STALLED", message, { context: { stream: name } });
    }
    await sleep(100);
    try {
      stillIs(info, await api.streamInfo(name));
      return;
    } catch (error) {
      passing(error, end.next);
    }
  }
}

function stillIs(before: StreamInfo, now: StreamInfo): void {
  const { name } = before.config;
  if (now.created === before.created && now.state.last_seq >= before.state.last_seq) return;
  const what = now.created === before.created ? "lost its messages" : "was deleted and created again";
  throw new RelightError("SOURCE_CHANGED", `"${name}" ${what} while it was read`, { context: { stream: name } });
}

function cancelled(stream: string, signal: AbortSignal): RelightError {
  return new RelightError("CANCELLED", `the backup of "${stream}" was cancelled`, { cause: signal.reason });
}
