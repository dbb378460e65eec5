import { ByteWriter } from "../byte-writer.ts";
import type { ConsumerState } from "./consumer-state.ts";

const second = 1_000_000_000n;

/**
 * Encodes an `o.dat`, version 2. Delivery times are whole seconds there. A pending message whose delivery number is not
 * known counts as the first after the floor. Source: nats-server server/store.go (`encodeConsumerState`).
 */
export function encodeConsumerState(state: ConsumerState): Uint8Array {
  const { ackFloor, delivered, pending, redelivered } = state;
  const writer = new ByteWriter().u8(22).u8(2);
  writer.uvarint(ackFloor.consumer).uvarint(ackFloor.stream);
  writer.uvarint(delivered.consumer).uvarint(delivered.stream);
  writer.uvarint(pending.length);
  if (pending.length > 0) {
    const seconds = pending.time.map((time) => time / second);
    // Any base will do; the server takes the earliest it meets.
    const base = seconds[0] as bigint;
    writer.varint(base);
    for (let row = 0; row < pending.length; row++) {
      const consumer = pending.consumer[row] || ackFloor.consumer + 1;
      writer.uvarint((pending.stream[row] as number) - ackFloor.stream);
      writer.uvarint(consumer - ackFloor.consumer);
      writer.varint(base - (seconds[row] as bigint));
    }
  }
  writer.uvarint(redelivered.length);
  for (let row = 0; row < redelivered.length; row++) {
    writer.uvarint((redelivered.stream[row] as number) - ackFloor.stream).uvarint(redelivered.count[row] as number);
  }
  return writer.finish();
}
