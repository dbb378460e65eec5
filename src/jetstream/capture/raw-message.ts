import type { Msg } from "@nats-io/nats-core";
import { RelightError } from "../../errors.ts";

/** The bytes of a received message as they came: views of the client's buffer. */
export interface RawMessage {
  readonly subject: Uint8Array;
  /** The header block, "NATS/1.0\r\n…\r\n\r\n"; empty where the message has none. */
  readonly headers: Uint8Array;
  readonly payload: Uint8Array;
}

const nothing = new Uint8Array(0);

/**
 * The exact bytes of a message of the NATS client, whose parsed headers lose spaces, empty blocks and what is no UTF-8. They
 * lie in fields that the client does not document, hence the look. Throws INTERNAL where another version keeps them elsewhere.
 */
export function rawMessage(message: Msg): RawMessage {
  const inner = message as unknown as {
    readonly _rdata?: unknown;
    readonly _msg?: { readonly hdr?: unknown; readonly subject?: unknown };
  };
  const subject = inner._msg?.subject;
  const headerBytes = inner._msg?.hdr;
  const data = inner._rdata ?? nothing;
  if (!(data instanceof Uint8Array) || !(subject instanceof Uint8Array) || typeof headerBytes !== "number") {
    throw new RelightError("INTERNAL", "this version of @nats-io/nats-core keeps the bytes of a message elsewhere");
  }
  if (headerBytes <= 0) return { subject, headers: nothing, payload: data };
  return { subject, headers: data.subarray(0, headerBytes), payload: data.subarray(headerBytes) };
}
