import type { NatsConnection } from "@nats-io/nats-core";
import { isRelightError } from "../../errors.ts";
import { ApiErrorCode } from "../../jetstream/api-error-codes.ts";
import type { ConsumerInfo, StreamInfo } from "../../jetstream/api-types.ts";
import type { JetStreamApi } from "../../jetstream/jetstream-api.ts";
import type { StreamAnswer } from "../stream-picture.ts";
import { type Known, seenOr, type Unseen } from "../unseen.ts";
import { accountOfConnection } from "./account-of-connection.ts";
import { whyUnseen } from "./ask-servers.ts";
import { inParallel } from "./in-parallel.ts";

/** What one account says of its streams. */
export interface AccountView {
  /** The account's name, its public key in operator mode; unseen where the user may not ask, and before 2.10 without a system account. */
  readonly account: Known<string>;
  /** All streams, also those that are wholly dead: the meta group answers this. */
  readonly names: Known<readonly string[]>;
  /** Its servers said that it has no JetStream: then it has no streams either. */
  readonly withoutJetStream?: boolean;
  readonly streams: ReadonlyMap<string, StreamView>;
}

export interface StreamView {
  readonly answer: StreamAnswer;
  readonly info?: StreamInfo;
}

/** Answers are small, and the dead are waited for together: hundreds where a server had many streams of one replica. */
const atOnce = 512;

/** Who the account is and what streams it has; they are not asked for yet. */
export async function listAccount(
  api: JetStreamApi,
  system: NatsConnection | undefined,
): Promise<Omit<AccountView, "streams">> {
  const [account, listed] = await Promise.all([accountName(api, system), listNames(api)]);
  return { account, ...listed };
}

export interface AskStreamsOptions {
  /** How long one stream may take to answer, in ms: dead ones do not answer at all. */
  readonly streamMs: number;
  /** The same for those of `silent`. */
  readonly silentMs: number;
  readonly silent: ReadonlySet<string>;
  /** Streams to ask for besides those that the account lists. */
  readonly also: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks an account for its streams one by one: the server's own list waits seconds for the dead ones, and differs by version in
 * what it says of them.
 */
export async function askStreams(
  api: JetStreamApi,
  listed: Omit<AccountView, "streams">,
  { streamMs, silentMs, silent, also, signal }: AskStreamsOptions,
): Promise<AccountView> {
  const known = new Set([...seenOr(listed.names, []), ...also]);
  const streams = new Map<string, StreamView>();
  await inParallel([...known], atOnce, async (name) => {
    signal?.throwIfAborted();
    const view = await askStream(api, name, silent.has(name) ? silentMs : streamMs);
    streams.set(name, view);
  });
  return { ...listed, streams };
}

/** The account that a connection belongs to, by its own word, else by that of its server. */
async function accountName(api: JetStreamApi, system: NatsConnection | undefined): Promise<Known<string>> {
  try {
    const reply = await api.connection.request("$SYS.REQ.USER.INFO", "", { timeout: api.timeoutMs });
    const account = reply.json<{ data?: { account?: string } }>().data?.account;
    return account ?? { unseen: "not-told" };
  } catch (error) {
    const told = system && (await accountOfConnection(api.connection, system, api.timeoutMs));
    return told ?? whyUnseen(error);
  }
}

async function listNames(api: JetStreamApi): Promise<Pick<AccountView, "names" | "withoutJetStream">> {
  try {
    return { names: (await api.streamNames()).sort() };
  } catch (error) {
    const names = apiUnseen(error);
    const none = isRelightError(error) && error.context.errCode === ApiErrorCode.jetStreamNotEnabledForAccount;
    return none ? { names, withoutJetStream: true } : { names };
  }
}

async function askStream(api: JetStreamApi, name: string, timeoutMs: number): Promise<StreamView> {
  try {
    const info = await api.request<StreamInfo>(`STREAM.INFO.${name}`, undefined, { timeoutMs });
    return { answer: { kind: "answered" }, info };
  } catch (error) {
    if (isRelightError(error, "TIMEOUT")) return { answer: { kind: "timeout" } };
    if (isRelightError(error, "STREAM_NOT_FOUND")) return { answer: { kind: "not-found" } };
    const detail = (error as Error).message;
    // 10118 says that all who hold it are offline; 10008, of the same code, that nobody could be asked.
    const offline = isRelightError(error, "STREAM_OFFLINE") && error.context.errCode === ApiErrorCode.streamOffline;
    return { answer: { kind: offline ? "offline" : "refused", detail } };
  }
}

/** Names of a stream's consumers, the dead ones too. */
export async function consumerNames(api: JetStreamApi, stream: string, timeoutMs: number): Promise<Known<string[]>> {
  const names: string[] = [];
  try {
    for (;;) {
      const page = await api.request<{ consumers?: string[] | null; total: number }>(
        `CONSUMER.NAMES.${stream}`,
        { offset: names.length },
        { timeoutMs },
      );
      const some = page.consumers ?? [];
      names.push(...some);
      if (some.length === 0 || names.length >= page.total) return names;
    }
  } catch (error) {
    return apiUnseen(error);
  }
}

/** One consumer, or why it does not answer; undefined: it is gone, as short-lived ones may be at any time. */
export async function askConsumer(
  api: JetStreamApi,
  stream: string,
  name: string,
  timeoutMs: number,
): Promise<Known<ConsumerInfo> | undefined> {
  try {
    return await api.request<ConsumerInfo>(`CONSUMER.INFO.${stream}.${name}`, undefined, { timeoutMs });
  } catch (error) {
    if (isRelightError(error, "API_ERROR") && error.context.errCode === ApiErrorCode.consumerNotFound) return undefined;
    return apiUnseen(error);
  }
}

function apiUnseen(error: unknown): Unseen {
  const detail = error instanceof Error ? error.message : String(error);
  if (isRelightError(error, "TIMEOUT")) return { unseen: "no-answer", detail };
  return { unseen: isRelightError(error, "PERMISSION_DENIED") ? "forbidden" : "refused", detail };
}
