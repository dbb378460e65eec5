import type { ServerInfo } from "@nats-io/nats-core";

/** A message as the conversations of snapshot and restore need it. */
export interface WireMessage {
  readonly subject: string;
  readonly reply?: string | undefined;
  /** Status of a message that has headers; 0 where they hold none. */
  readonly headers?: { readonly code: number; readonly description: string } | undefined;
  /** Valid only during the callback where the connection is `transient`. */
  readonly data: Uint8Array;
}

/**
 * What snapshot and restore need of a connection. A connection of the NATS client is one; {@link WireConnection} is one
 * that hands out its own receive buffer instead of a new one for each message.
 */
export interface Wire {
  readonly info?: Pick<ServerInfo, "version" | "max_payload"> | undefined;
  /** True where a message's data is overwritten after its callback. */
  readonly transient?: boolean;
  /** True where the server runs on this machine: sending costs less than compressing. */
  readonly local?: boolean;
  /** True where Node receives in buffers of its own for each read: TLS. */
  readonly encrypted?: boolean;
  isClosed(): boolean;
  /** Resolves when the connection is closed, with the reason where it was not asked for. */
  closed(): Promise<unknown>;
  close(): Promise<void>;
  /** The round trip of the handshake, in milliseconds, where it was measured. */
  readonly roundTripMs?: number | undefined;
  /** A round trip, in milliseconds. What was sent before has been taken by the server when it resolves. */
  rtt(): Promise<number>;
  publish(subject: string, data?: Uint8Array, options?: { readonly reply?: string }): void;
  subscribe(
    subject: string,
    options: { readonly callback: (error: Error | null, message: WireMessage) => void },
  ): { unsubscribe(): void };
  request(subject: string, data: string, options: { readonly timeout: number }): Promise<{ readonly data: Uint8Array }>;
}
