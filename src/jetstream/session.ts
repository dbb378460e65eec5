import type { NatsConnection } from "@nats-io/nats-core";
import { JetStreamApi, type JetStreamApiOptions } from "./jetstream-api.ts";
import type { Wire } from "./wire/wire.ts";

/**
 * What an operation needs to talk to one account: the API on an ordinary connection, and further connections for the
 * conversations that must not share theirs.
 */
export interface Session extends AsyncDisposable {
  readonly api: JetStreamApi;
  readonly apiOptions: JetStreamApiOptions;
  /** A new connection that serves one snapshot or restore and does not reconnect. The caller closes it. */
  dedicate(): Promise<Wire>;
}

export interface SessionOptions extends JetStreamApiOptions {
  readonly connect: () => Promise<NatsConnection>;
  readonly dedicate: () => Promise<Wire>;
}

/** Connects. Throws what `connect` throws: CONNECT_FAILED, AUTH_FAILED. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { connect, dedicate, ...apiOptions } = options;
  const connection = await connect();
  return {
    api: new JetStreamApi(connection, apiOptions),
    apiOptions,
    dedicate,
    [Symbol.asyncDispose]: () => connection.close(),
  };
}
