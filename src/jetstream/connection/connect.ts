import type { NatsConnection } from "@nats-io/nats-core";
import { RelightError } from "../../errors.ts";
import { connectError, type DialFailure } from "./connect-error.ts";
import type { ConnectionSettings } from "./connection-settings.ts";
import { type Dialling, dial } from "./dial.ts";
import type { Environment } from "./file-reference.ts";
import { loadCredentials } from "./load-credentials.ts";
import { loadTls } from "./load-tls.ts";

export interface ConnectOptions {
  /** Ends the attempt with CANCELLED; once connected it has no effect. */
  readonly signal?: AbortSignal;
  /**
   * For one snapshot or restore, and nothing else: the connection does not reconnect, since neither survives it.
   * Otherwise a lost connection tries again a few times. Default false.
   */
  readonly dedicated?: boolean;
  /** For `~`, `$NAME` and `env://NAME` in the settings' references. Default `process.env`. */
  readonly environment?: Environment;
}

/**
 * Connects with the settings of `resolveConnectionSettings`: reads the credentials and TLS files, then tries the
 * servers in random order, each for at most `settings.timeoutMs`. The caller closes the connection.
 *
 * Throws CREDENTIALS_INVALID (a file is missing, unreadable or wrong), AUTH_FAILED (a server refused the credentials),
 * CONNECT_FAILED (with each address and why it failed), USAGE (TLS settings for a WebSocket), CANCELLED. No message
 * shows a password, token, seed or JWT.
 *
 * @example
 * const connection = await connect(resolveConnectionSettings(), { dedicated: true });
 * try {
 *   const snapshot = await snapshotStream(connection, "ORDERS");
 * } finally {
 *   await connection.close();
 * }
 */
export async function connect(settings: ConnectionSettings, options: ConnectOptions = {}): Promise<NatsConnection> {
  return connectPrepared(await prepareDialling(settings, options));
}

/** As {@link connect}, with what was read before. */
export async function connectPrepared(dialling: Dialling): Promise<NatsConnection> {
  const { settings, signal } = dialling;
  const failures: DialFailure[] = [];
  for (const server of shuffled(settings.servers)) {
    throwIfCancelled(signal);
    try {
      return await orCancelled(dial(server, dialling), signal);
    } catch (error) {
      if (error instanceof RelightError) throw error;
      failures.push({ server, error });
    }
  }
  throw await connectError(failures, settings, dialling.credentials);
}

/** Reads what the settings name. Throws CREDENTIALS_INVALID, USAGE, CANCELLED. */
export async function prepareDialling(settings: ConnectionSettings, options: ConnectOptions): Promise<Dialling> {
  const { signal, dedicated = false, environment = process.env } = options;
  throwIfCancelled(signal);
  return {
    settings,
    credentials: await loadCredentials(settings, environment),
    tls: await loadTls(settings, environment),
    dedicated,
    signal,
  };
}

/** The connection, or CANCELLED as soon as the signal says so; a connection that comes after that is closed. */
async function orCancelled(dialled: Promise<NatsConnection>, signal: AbortSignal | undefined): Promise<NatsConnection> {
  if (!signal) return dialled;
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(cancelled(signal));
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([dialled, aborted]);
  } catch (error) {
    if (signal.aborted) {
      dialled.then(
        (connection) => connection.close(),
        () => {},
      );
    }
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelled(signal);
}

function cancelled(signal: AbortSignal): RelightError {
  return new RelightError("CANCELLED", "connecting was cancelled", { cause: signal.reason });
}

/** In random order, as NATS clients try servers. */
export function shuffled<T>(items: readonly T[]): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [result[i], result[j]] = [result[j] as T, result[i] as T];
  }
  return result;
}
