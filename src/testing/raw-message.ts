import type { Msg } from "@nats-io/nats-core";

export interface RawMessage {
  /** The header block as it was on the wire, "NATS/1.0\r\n…\r\n\r\n"; empty where the message has none. */
  readonly headers: Uint8Array;
  readonly payload: Uint8Array;
}

const noHeaders = new Uint8Array(0);

/**
 * The exact bytes of a received message.
 *
 * The client's parsed headers lose what a byte-exact comparison must see (spaces, an empty block, bytes that are no
 * UTF-8), so this reads the buffer behind them: fields that the client does not document, hence the check. Both arrays
 * are views of the client's buffer; copy what must live longer than the callback.
 */
export function rawMessage(message: Msg): RawMessage {
  const inner = message as unknown as { readonly _rdata?: unknown; readonly _msg?: { readonly hdr?: unknown } };
  const data = inner._rdata;
  const headerSize = inner._msg?.hdr;
  if (!(data instanceof Uint8Array) || typeof headerSize !== "number") {
    throw new Error("this version of @nats-io/nats-core keeps a message's bytes elsewhere: teach rawMessage where");
  }
  if (headerSize <= 0) return { headers: noHeaders, payload: data };
  return { headers: data.subarray(0, headerSize), payload: data.subarray(headerSize) };
}
