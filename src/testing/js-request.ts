import { type NatsConnection, RequestError } from "@nats-io/nats-core";

/** An error that the JetStream API itself answered with, as a test wants to see it. */
export class JsApiError extends Error {
  static override readonly name = "JsApiError";
  /** The server's own number, such as 10059 for "stream not found"; 0 where it gave none. */
  readonly errCode: number;
  /** The HTTP-like class of the error, such as 404. */
  readonly code: number;
  readonly description: string;

  constructor(
    subject: string,
    error: { readonly code?: number; readonly err_code?: number; readonly description?: string },
  ) {
    super(
      `${subject}: ${error.description ?? "error"} (err_code ${error.err_code ?? "none"}, code ${error.code ?? "none"})`,
    );
    this.name = "JsApiError";
    this.errCode = error.err_code ?? 0;
    this.code = error.code ?? 0;
    this.description = error.description ?? "";
  }
}

export interface JsRequestOptions {
  /** Milliseconds to wait for the answer; 10 seconds by default. */
  readonly timeout?: number;
  /** Prefix of the API's subjects, "$JS.API" by default. */
  readonly prefix?: string;
}

/**
 * One raw JetStream API request: `jsRequest(nc, "STREAM.INFO.ORDERS")` → the parsed JSON.
 *
 * On purpose the tests' own, sharing nothing with `src/jetstream/`: what checks a backup must not have its mistakes.
 * A subject that starts with "$" is taken as it is. Throws `JsApiError` for an error of the server, and the client's
 * own error (with the subject in its message) when nobody answers.
 */
export async function jsRequest<T = Record<string, unknown>>(
  nc: NatsConnection,
  subject: string,
  body?: unknown,
  options: JsRequestOptions = {},
): Promise<T> {
  const full = subject.startsWith("$") ? subject : `${options.prefix ?? "$JS.API"}.${subject}`;
  const payload = body === undefined ? "" : JSON.stringify(body);
  let text: string;
  try {
    text = (await nc.request(full, payload, { timeout: options.timeout ?? 10_000 })).string();
  } catch (error) {
    const why = error instanceof RequestError && error.isNoResponders() ? "nobody answers" : String(error);
    throw new Error(`${full}: ${why}`, { cause: error });
  }
  const parsed = JSON.parse(text) as T & { readonly error?: { readonly code?: number; readonly err_code?: number } };
  if (parsed.error) throw new JsApiError(full, parsed.error);
  return parsed;
}
