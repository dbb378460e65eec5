/** What the reply subject of a delivered message says. */
export interface Delivery {
  readonly streamSequence: number;
  readonly consumerSequence: number;
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  /** Messages still to be delivered. */
  readonly pending: number;
}

/**
 * Reads `$JS.ACK.<stream>.<consumer>.<tries>.<stream sequence>.<consumer sequence>.<time>.<pending>`, or the form with
 * `<domain>.<account>` in front of the stream; undefined for any other subject. Source: nats-server server/consumer.go (`replyInfo`).
 */
export function parseDelivery(reply: string): Delivery | undefined {
  if (!reply.startsWith("$JS.ACK.")) return undefined;
  const tokens = reply.split(".");
  const at = tokens.length === 9 ? 5 : 7;
  const [stream, consumer, time, pending] = tokens.slice(at, at + 4);
  if (!/^\d+$/.test(time ?? "")) return undefined;
  return {
    streamSequence: Number(stream),
    consumerSequence: Number(consumer),
    time: BigInt(time as string),
    pending: Number(pending),
  };
}
