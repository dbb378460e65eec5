import type { MsgHdrs, NatsConnection } from "@nats-io/nats-core";

/** Header fields in order; a name may come more than once. */
export type HeaderFields = readonly (readonly [name: string, value: string])[];

export interface Outgoing {
  readonly subject: string;
  readonly payload?: string | Uint8Array;
  /** Fields, or a whole header block byte for byte. */
  readonly headers?: HeaderFields | Uint8Array;
}

export interface PublishAck {
  readonly stream: string;
  readonly seq: number;
  readonly duplicate?: boolean;
}

const inFlight = 256;

/**
 * Publishes messages in order and returns the acknowledgement of each. Throws for the first that the stream refuses.
 *
 * A few hundred are on their way at a time, which no stream's queue refuses.
 */
export async function publishAll(nc: NatsConnection, messages: readonly Outgoing[]): Promise<PublishAck[]> {
  const acks: PublishAck[] = [];
  for (let start = 0; start < messages.length; start += inFlight) {
    const part = messages.slice(start, start + inFlight).map((message) => publishOne(nc, message));
    acks.push(...(await Promise.all(part)));
  }
  return acks;
}

/** Publishes one message and returns its acknowledgement; throws with the server's words when it is refused. */
export async function publishOne(nc: NatsConnection, message: Outgoing): Promise<PublishAck> {
  const payload = message.payload ?? new Uint8Array(0);
  const headers = message.headers === undefined ? {} : { headers: headerBlock(message.headers) };
  const reply = await nc.request(message.subject, payload, { timeout: 10_000, ...headers });
  const ack = reply.json<PublishAck & { readonly error?: { readonly description?: string } }>();
  if (ack.error) throw new Error(`publish to ${message.subject}: ${ack.error.description}`);
  return ack;
}

/** A header block for the client that is sent exactly as given, also what the client's own headers cannot express. */
export function headerBlock(headers: HeaderFields | Uint8Array): MsgHdrs {
  const bytes = headers instanceof Uint8Array ? headers : encodeFields(headers);
  // The client calls nothing but encode() on what it publishes.
  return { encode: () => bytes } as unknown as MsgHdrs;
}

function encodeFields(fields: HeaderFields): Uint8Array {
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`);
  return new TextEncoder().encode(`NATS/1.0\r\n${lines.join("")}\r\n`);
}
