import { type NatsConnection, RequestError, TimeoutError } from "@nats-io/nats-core";
import { RelightError } from "../errors.ts";
import { ApiErrorCode } from "./api-error-codes.ts";
import type { AccountInfo, ApiErrorBody, ConsumerInfo, StreamConfig, StreamInfo } from "./api-types.ts";
import { parseServerVersion, type ServerVersion } from "./server-version.ts";
import type { Wire } from "./wire/wire.ts";

export interface JetStreamApiOptions {
  /** Prefix of the API's subjects, "$JS.API" unless a domain or an import says otherwise. */
  readonly prefix?: string;
  /** Domain: shorthand for the prefix "$JS.<domain>.API". Not together with `prefix`. */
  readonly domain?: string;
  /** How long one request may take, in milliseconds. */
  readonly timeoutMs?: number;
  /** Prefix of the subjects that answers and chunks come back on, "_INBOX" unless the user may not listen there. */
  readonly inboxPrefix?: string;
}

/** Pages of a list answer: `total`, `offset` and `limit` are the server's. */
interface Page {
  readonly total: number;
  readonly offset: number;
  readonly limit: number;
}

/**
 * The JetStream API as Relight uses it: typed requests, every error one of the catalogue.
 *
 * Throws on each call: STREAM_NOT_FOUND, JETSTREAM_UNAVAILABLE, PERMISSION_DENIED, TIMEOUT (the outcome is unknown),
 * CONNECTION_LOST, API_ERROR (with `context.errCode`).
 */
export class JetStreamApi<Connection extends Wire = NatsConnection> {
  readonly prefix: string;
  readonly timeoutMs: number;
  /** Of the subjects that answers come back on; undefined: the client's own. */
  readonly inboxPrefix: string | undefined;
  readonly connection: Connection;

  constructor(connection: Connection, options: JetStreamApiOptions = {}) {
    this.connection = connection;
    this.timeoutMs = options.timeoutMs ?? 5_000;
    this.inboxPrefix = options.inboxPrefix;
    this.prefix = options.prefix?.replace(/\.$/, "") ?? (options.domain ? `$JS.${options.domain}.API` : "$JS.API");
  }

  /** Version of the server that this connection is on; in a cluster of mixed versions the leader's may differ. */
  get serverVersion(): ServerVersion {
    const text = this.connection.info?.version ?? "";
    const version = parseServerVersion(text);
    if (!version) throw new RelightError("INTERNAL", `the server gives no usable version: "${text}"`);
    return version;
  }

  /** Sends one request below the prefix and returns the parsed answer. */
  async request<T>(subject: string, body?: unknown, options: { timeoutMs?: number } = {}): Promise<T> {
    const full = `${this.prefix}.${subject}`;
    let data: Uint8Array;
    try {
      const payload = body === undefined ? "" : JSON.stringify(body);
      const message = await this.connection.request(full, payload, { timeout: options.timeoutMs ?? this.timeoutMs });
      data = message.data;
    } catch (error) {
      throw requestError(full, error, this.connection.isClosed());
    }
    let parsed: T & { readonly error?: ApiErrorBody };
    try {
      parsed = JSON.parse(new TextDecoder().decode(data));
    } catch (error) {
      throw new RelightError("API_ERROR", `${full} answered with something that is not JSON`, { cause: error });
    }
    if (parsed.error) throw apiError(full, parsed.error);
    return parsed;
  }

  accountInfo(): Promise<AccountInfo> {
    return this.request<AccountInfo>("INFO");
  }

  streamInfo(name: string): Promise<StreamInfo> {
    return this.request<StreamInfo>(`STREAM.INFO.${name}`);
  }

  /** The stream, or undefined where there is none of this name. */
  async findStream(name: string): Promise<StreamInfo | undefined> {
    try {
      return await this.streamInfo(name);
    } catch (error) {
      if (error instanceof RelightError && error.code === "STREAM_NOT_FOUND") return undefined;
      throw error;
    }
  }

  createStream(config: StreamConfig): Promise<StreamInfo> {
    return this.request<StreamInfo>(`STREAM.CREATE.${config.name}`, config);
  }

  updateStream(config: StreamConfig): Promise<StreamInfo> {
    return this.request<StreamInfo>(`STREAM.UPDATE.${config.name}`, config);
  }

  /** Deletes a stream; one that is gone already is no error. */
  async deleteStream(name: string): Promise<void> {
    const began = Date.now();
    for (;;) {
      try {
        await this.request(`STREAM.DELETE.${name}`);
        return;
      } catch (error) {
        if (!(error instanceof RelightError)) throw error;
        if (error.code === "STREAM_NOT_FOUND") return;
        if (error.code !== "TIMEOUT") throw error;
        // A timeout is "unknown": the stream's absence is what counts. The request, or the answer, can have been lost with a connection.
        const found = await this.findStream(name).catch((second: unknown) => {
          if (second instanceof RelightError && second.code === "TIMEOUT") return "unknown" as const;
          throw second;
        });
        if (found !== "unknown" && (!found || isNewerThan(found, began))) return;
        if (Date.now() - began >= longestDeleteMs) throw error;
      }
    }
  }

  /** Names of all streams of the account, also of those that are offline; or of those that a subject belongs to. */
  async streamNames(filter: { readonly subject?: string } = {}): Promise<string[]> {
    const names: string[] = [];
    for (;;) {
      const page = await this.request<Page & { streams?: string[] | null }>("STREAM.NAMES", {
        ...filter,
        offset: names.length,
      });
      names.push(...(page.streams ?? []));
      if (!page.streams || page.streams.length === 0 || names.length >= page.total) return names;
    }
  }

  /**
   * All streams of the account: the information of those that answer, and the names of those that do not. In a cluster the
   * server's list leaves out streams without a leader, and what it says of them differs by version; the names are complete.
   */
  async streams(): Promise<{ readonly streams: StreamInfo[]; readonly missing: string[] }> {
    const first = await this.#listOnce();
    if (first.missing.length === 0) return first;
    // One that was created or deleted between two answers does not count: what counts is missing twice.
    const second = await this.#listOnce();
    return { streams: second.streams, missing: second.missing.filter((name) => first.missing.includes(name)) };
  }

  async #listOnce(): Promise<{ readonly streams: StreamInfo[]; readonly missing: string[] }> {
    const [{ streams, missing }, names] = await Promise.all([
      this.#answeringStreams(),
      this.streamNames().catch((error: unknown) => {
        // Who may not ask for the names has the list's own word.
        if (error instanceof RelightError && error.code === "PERMISSION_DENIED") return [];
        throw error;
      }),
    ]);
    const answered = new Set(streams.map((info) => info.config.name));
    return { streams, missing: [...new Set([...names, ...missing])].filter((name) => !answered.has(name)) };
  }

  async #answeringStreams(): Promise<{ readonly streams: StreamInfo[]; readonly missing: ReadonlySet<string> }> {
    const streams: StreamInfo[] = [];
    const missing = new Set<string>();
    const timeoutMs = Math.max(this.timeoutMs, 10_000);
    for (;;) {
      const page = await this.request<Page & { streams?: StreamInfo[] | null; missing?: string[]; offline?: object }>(
        "STREAM.LIST",
        { offset: streams.length },
        { timeoutMs },
      );
      streams.push(...(page.streams ?? []));
      for (const name of page.missing ?? []) missing.add(name);
      for (const name of Object.keys(page.offline ?? {})) missing.add(name);
      if (!page.streams || page.streams.length === 0 || streams.length + missing.size >= page.total) {
        return { streams, missing };
      }
    }
  }

  /** All consumers of a stream that answer, and the names of those that do not. */
  async consumers(stream: string): Promise<{ readonly consumers: ConsumerInfo[]; readonly missing: string[] }> {
    const consumers: ConsumerInfo[] = [];
    const missing = new Set<string>();
    for (;;) {
      const page = await this.request<Page & { consumers?: ConsumerInfo[] | null; missing?: string[] }>(
        `CONSUMER.LIST.${stream}`,
        { offset: consumers.length },
        { timeoutMs: Math.max(this.timeoutMs, 10_000) },
      );
      consumers.push(...(page.consumers ?? []));
      for (const name of page.missing ?? []) missing.add(name);
      if (!page.consumers || page.consumers.length === 0 || consumers.length + missing.size >= page.total) break;
    }
    return { consumers, missing: [...missing] };
  }
}

/** Turns the error object of an API answer into one of the catalogue. */
export function apiError(subject: string, error: ApiErrorBody): RelightError {
  const context = { subject, errCode: error.err_code, httpCode: error.code };
  const description = error.description ?? `error ${error.code}`;
  switch (error.err_code) {
    case ApiErrorCode.streamNotFound:
      return new RelightError("STREAM_NOT_FOUND", `stream "${subject.split(".").at(-1)}" was not found`, { context });
    case ApiErrorCode.streamOffline:
    case ApiErrorCode.noQuorumOrUnavailable:
      return new RelightError("STREAM_OFFLINE", `${description} (${error.err_code})`, { context });
    case ApiErrorCode.jetStreamNotEnabled:
    case ApiErrorCode.jetStreamNotEnabledForAccount:
      return new RelightError("JETSTREAM_UNAVAILABLE", description, { context });
    case ApiErrorCode.noLimitsForReplicas:
      return new RelightError("API_ERROR", `${description} (${error.err_code})`, {
        context,
        hint:
          "The account has JetStream limits for other numbers of replicas only. Give it a tier for this one, be it for a while " +
          "(nsc edit account --js-tier <replicas>), and run the command again.",
      });
    default: {
      const code = error.err_code === undefined ? "" : ` (${error.err_code})`;
      return new RelightError("API_ERROR", `${description}${code}`, { context });
    }
  }
}

/** How long a server may take to delete a stream, in milliseconds. */
const longestDeleteMs = 30_000;

/** Whether somebody has created it since, by the server's clock where it tells that. */
function isNewerThan({ created, ts }: StreamInfo, sinceMs: number): boolean {
  return Date.parse(created) > sinceMs + (ts ? Date.parse(ts) - Date.now() : 0);
}

function requestError(subject: string, error: unknown, closed: boolean): RelightError {
  const options = { cause: error, context: { subject } };
  if (error instanceof RelightError) return error;
  if (closed) return new RelightError("CONNECTION_LOST", `the connection was lost during ${subject}`, options);
  if (error instanceof TimeoutError || (error instanceof Error && error.name === "TimeoutError")) {
    return new RelightError("TIMEOUT", `${subject} was not answered in time`, options);
  }
  if (error instanceof RequestError && error.isNoResponders()) {
    return new RelightError("JETSTREAM_UNAVAILABLE", `nobody answers ${subject}`, options);
  }
  const text = error instanceof Error ? error.message : String(error);
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : "";
  if (/permissions? violation/i.test(`${text} ${cause}`)) {
    return new RelightError("PERMISSION_DENIED", `${text} ${cause}`.trim(), options);
  }
  if (/timeout/i.test(text)) return new RelightError("TIMEOUT", `${subject} was not answered in time`, options);
  return new RelightError("CONNECTION_LOST", `${subject}: ${text}`, options);
}
