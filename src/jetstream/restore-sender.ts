import { createInbox } from "@nats-io/nats-core";
import { RelightError } from "../errors.ts";
import { ApiErrorCode } from "./api-error-codes.ts";
import type { ApiErrorBody, StreamConfig, StreamInfo } from "./api-types.ts";
import type { Wire, WireMessage } from "./wire/wire.ts";

export interface RestoreProgress {
  /** Bytes that the server has acknowledged. */
  readonly bytes: number;
  readonly chunks: number;
}

export interface SenderOptions {
  /** The configuration of the restored stream; its name must be the archive's where that is v1. */
  readonly config: StreamConfig;
  /** Messages under way unacknowledged. Default 16. */
  readonly inFlight?: number;
  /** How long the server may take over one chunk, in milliseconds. Default 30,000. */
  readonly idleTimeoutMs?: number;
  /** How long the server may take after the last chunk (it writes or indexes everything then). Default one hour. */
  readonly finishTimeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: RestoreProgress) => void;
  /** Of the inbox that the server answers to. Default `_INBOX`. */
  readonly inboxPrefix?: string;
}

export const defaultInFlight = 16;

/** How long the first chunk is sent again while nobody listens; less than the 5 s after which a server gives up. */
const firstChunkMs = 4_000;

type FinalAnswer = Partial<StreamInfo> & { readonly error?: ApiErrorBody };

/** The sending side of a restore: numbered replies on one subscription, a bounded number under way. */
export class RestoreSender {
  readonly #connection: Wire;
  readonly #subject: string;
  readonly #options: SenderOptions;
  readonly #inbox: string;
  readonly #inFlight: number;
  readonly #idleMs: number;
  readonly #subscription: { unsubscribe(): void };
  readonly #sizes: number[] = [];
  readonly #onAbort = (): void => this.#fail(restoreCancelled(this.#options.config.name, this.#options.signal));
  #sent = 0;
  #answered = 0;
  #bytes = 0;
  #error: unknown;
  #final: FinalAnswer | undefined;
  #finishing = false;
  #closed = false;
  readonly #started = Date.now();
  #first: Uint8Array | undefined;
  #wake: (() => void) | undefined;

  constructor(connection: Wire, subject: string, options: SenderOptions) {
    this.#inbox = createInbox(options.inboxPrefix);
    this.#connection = connection;
    this.#subject = subject;
    this.#options = options;
    this.#inFlight = Math.max(1, options.inFlight ?? defaultInFlight);
    this.#idleMs = options.idleTimeoutMs ?? 30_000;
    this.#subscription = connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error) this.#fail(new RelightError("RESTORE_FAILED", error.message, { cause: error }));
        else this.#receive(message);
      },
    });
    options.signal?.addEventListener("abort", this.#onAbort, { once: true });
    connection.closed().then((reason) => {
      if (this.#closed) return;
      const message = `the connection was lost during the restore of "${options.config.name}"; whether the stream exists now is unknown`;
      this.#fail(new RelightError("CONNECTION_LOST", message, { cause: reason ?? undefined }));
    });
  }

  async send(chunk: Uint8Array): Promise<void> {
    // Alone at first: in a cluster the node that we are on may not have heard yet that another one listens, and where the
    // first chunk is lost the second must not be taken for it.
    const room = (): boolean =>
      this.#answered === 0 ? this.#sent === 0 : this.#sent - this.#answered < this.#inFlight;
    await this.#until(room, this.#idleMs, "to take the data");
    if (this.#sent === 0) this.#first = chunk;
    this.#sizes.push(chunk.length);
    this.#connection.publish(this.#subject, chunk, { reply: `${this.#inbox}.${this.#sent++}` });
  }

  /** Waits until every chunk is acknowledged. */
  drained(): Promise<void> {
    return this.#until(() => this.#answered === this.#sent, this.#idleMs, "to take the data");
  }

  /** Says that this was all, and waits for the stream. */
  async finish(): Promise<FinalAnswer> {
    this.#finishing = true;
    this.#connection.publish(this.#subject, new Uint8Array(), { reply: `${this.#inbox}.${this.#sent++}` });
    await this.#until(() => this.#final !== undefined, this.#options.finishTimeoutMs ?? 3_600_000, "to finish");
    return this.#final as FinalAnswer;
  }

  close(): void {
    this.#closed = true;
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    if (!this.#connection.isClosed()) this.#subscription.unsubscribe();
  }

  #sendFirstAgain(chunk: Uint8Array): void {
    if (this.#closed || this.#error !== undefined || this.#connection.isClosed()) return;
    this.#connection.publish(this.#subject, chunk, { reply: `${this.#inbox}.0` });
  }

  #receive(message: WireMessage): void {
    const { name } = this.#options.config;
    if (message.headers?.code === 503) {
      const first = this.#answered === 0 && !this.#finishing ? this.#first : undefined;
      if (first && Date.now() - this.#started < firstChunkMs) {
        setTimeout(() => this.#sendFirstAgain(first), 50);
        return;
      }
      const early =
        "the server no longer listens: it gives up after 5 s without data, or when it cannot use the archive";
      this.#fail(new RelightError("RESTORE_FAILED", `restore of "${name}": ${early}`, { context: { stream: name } }));
      return;
    }
    const isFinal = this.#finishing && message.subject.endsWith(`.${this.#sent - 1}`);
    if (isFinal || message.data.length > 0) {
      let answer: FinalAnswer;
      try {
        answer = JSON.parse(Buffer.from(message.data).toString("utf8")) as FinalAnswer;
      } catch (error) {
        this.#fail(new RelightError("RESTORE_FAILED", `"${name}": the server's answer is not JSON`, { cause: error }));
        return;
      }
      if (isFinal) this.#final = answer;
      else if (answer.error) this.#fail(restoreError(name, answer.error));
    }
    if (!isFinal) {
      this.#bytes += this.#sizes[this.#answered] ?? 0;
      this.#answered++;
      this.#options.onProgress?.({ bytes: this.#bytes, chunks: this.#answered });
    }
    this.#notify();
  }

  #fail(error: unknown): void {
    this.#error ??= error;
    this.#notify();
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  /** Waits for a condition that only answers can bring about; silence longer than `timeoutMs` is an unknown outcome. */
  async #until(condition: () => boolean, timeoutMs: number, what: string): Promise<void> {
    for (;;) {
      if (this.#error !== undefined) throw this.#error;
      if (condition()) return;
      const answeredBefore = this.#answered;
      let timer: NodeJS.Timeout | undefined;
      const late = await new Promise<boolean>((resolve) => {
        timer = setTimeout(() => resolve(true), timeoutMs);
        this.#wake = () => resolve(false);
      });
      clearTimeout(timer);
      if (late && this.#answered === answeredBefore && !condition() && this.#error === undefined) {
        const seconds = Math.round(timeoutMs / 1000);
        const message = `restore of "${this.#options.config.name}": the server took more than ${seconds} s ${what}`;
        throw new RelightError("TIMEOUT", message, { context: { stream: this.#options.config.name } });
      }
    }
  }
}

/** CANCELLED, with the signal's reason. */
export function restoreCancelled(stream: string, signal: AbortSignal | undefined): RelightError {
  return new RelightError("CANCELLED", `the restore of "${stream}" was cancelled`, { cause: signal?.reason });
}

/** A stream of that name is there, or is being restored. */
export const nameTakenCodes: readonly (number | undefined)[] = [
  ApiErrorCode.streamNameInUse,
  ApiErrorCode.nameExistsCannotRestore,
];

/** The catalogue's word for an error that the server gave during a restore. */
export function restoreError(stream: string, error: ApiErrorBody): RelightError {
  const context = { stream, errCode: error.err_code };
  if (nameTakenCodes.includes(error.err_code)) {
    return new RelightError("STREAM_EXISTS", `Stream "${stream}" already exist`, { context });
  }
  const code = error.err_code === undefined ? "" : ` (${error.err_code})`;
  const description = error.description ?? `error ${error.code}`;
  return new RelightError("RESTORE_FAILED", `restore of "${stream}": ${description}${code}`, { context });
}
