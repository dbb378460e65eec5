import { createHash, hash } from "node:crypto";
import type { Delivery } from "../../jetstream/capture/delivery.ts";
import type { RawMessage } from "../../jetstream/capture/raw-message.ts";

const headBytes = 28;
/** Larger payloads are hashed where they are, and not copied first. */
const copiedBytes = 65_536;

/**
 * 48 bits that stand for all that a replica says of a message: sequence, time, subject, headers and payload. Enough to notice
 * that two replicas differ by accident; it is no protection against someone who wants them to look alike.
 */
export function messageDigest(
  delivery: Pick<Delivery, "streamSequence" | "time">,
  { subject, headers, payload }: RawMessage,
): number {
  const head = Buffer.alloc(headBytes);
  head.writeDoubleBE(delivery.streamSequence, 0);
  head.writeBigInt64BE(delivery.time, 8);
  head.writeUInt32BE(subject.length, 16);
  head.writeUInt32BE(headers.length, 20);
  head.writeUInt32BE(payload.length, 24);
  if (payload.length <= copiedBytes) {
    return hash("sha1", Buffer.concat([head, subject, headers, payload]), "buffer").readUIntBE(0, 6);
  }
  return createHash("sha1").update(head).update(subject).update(headers).update(payload).digest().readUIntBE(0, 6);
}
