import { ByteReader, MalformedBytes } from "../byte-reader.ts";
import { PendingColumns } from "./pending-columns.ts";

export interface SequencePair {
  /** The consumer's own count of deliveries. */
  readonly consumer: number;
  /** The stream's sequence. */
  readonly stream: number;
}

/** Columns of the same length, ordered by `stream`: plain data that travels between threads. */
export interface PendingAcks {
  readonly length: number;
  readonly stream: Float64Array;
  /** The delivery's number; 0 where the format does not say. */
  readonly consumer: Float64Array;
  /** When it was delivered, nanoseconds since 1970; whole seconds in v1 archives. */
  readonly time: BigInt64Array;
}

/** Messages that were delivered more than once: columns ordered by `stream`. */
export interface Redelivered {
  readonly length: number;
  readonly stream: Float64Array;
  readonly count: Float64Array;
}

/** Where a consumer stands. */
export interface ConsumerState {
  readonly delivered: SequencePair;
  readonly ackFloor: SequencePair;
  readonly pending: PendingAcks;
  readonly redelivered: Redelivered;
}

const second = 1_000_000_000n;

/**
 * Decodes an `o.dat`. It has no checksum. Source: nats-server server/store.go (`encodeConsumerState`) and
 * server/filestore.go (`decodeConsumerState`). Throws MalformedBytes.
 */
export function decodeConsumerState(bytes: Uint8Array): ConsumerState {
  const reader = new ByteReader(bytes);
  const [magic, version] = [reader.u8(), reader.u8()];
  if (magic !== 22 || (version !== 1 && version !== 2))
    throw new MalformedBytes("a consumer state of an unknown version");
  const ackFloor = { consumer: reader.uvarint(), stream: reader.uvarint() };
  const delivered = { consumer: reader.uvarint(), stream: reader.uvarint() };
  if (version === 1) {
    // Version 1 keeps the next delivery, counted from the floor.
    if (ackFloor.consumer > 1) delivered.consumer += ackFloor.consumer - 1;
    if (ackFloor.stream > 1) delivered.stream += ackFloor.stream - 1;
  }
  const pending = readPending(reader, version, ackFloor);
  const redelivered = readRedelivered(reader, ackFloor);
  if (reader.remaining > 0) throw new MalformedBytes(`a consumer state with ${reader.remaining} bytes too many`);
  return { delivered, ackFloor, pending, redelivered };
}

function readPending(reader: ByteReader, version: number, floor: SequencePair): PendingAcks {
  const pending = new PendingColumns();
  const count = reader.uvarint();
  const base = count > 0 ? reader.varint() : 0n;
  // Not sized by the count, which may be anything: the bytes run out first.
  for (let index = 0; index < count; index++) {
    const stream = above(floor.stream, reader);
    const consumer = version === 2 ? above(floor.consumer, reader) : 0;
    const delta = reader.varint();
    if (stream === 0) throw new MalformedBytes("a consumer state with a pending sequence 0");
    pending.add(stream, consumer, (version === 1 ? base + delta : base - delta) * second);
  }
  return pending.build();
}

function readRedelivered(reader: ByteReader, floor: SequencePair): Redelivered {
  const rows: [stream: number, count: number][] = [];
  const count = reader.uvarint();
  for (let index = 0; index < count; index++) rows.push([above(floor.stream, reader), reader.uvarint()]);
  return redelivered(rows);
}

/** A distance from a floor; one from below it wraps around at 2^64. */
function above(floor: number, reader: ByteReader): number {
  const value = BigInt.asUintN(64, BigInt(floor) + reader.uvarint64());
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new MalformedBytes("a consumer state with an impossible sequence");
  return Number(value);
}

/** Columns of rows in any order. Throws MalformedBytes when a sequence comes twice. */
export function pendingAcks(rows: [stream: number, consumer: number, time: bigint][]): PendingAcks {
  const pending = new PendingColumns();
  for (const [stream, consumer, time] of rows) pending.add(stream, consumer, time);
  return pending.build();
}

/** Columns of rows in any order. Throws MalformedBytes when a sequence comes twice. */
export function redelivered(rows: [stream: number, count: number][]): Redelivered {
  sortRows(rows);
  return {
    length: rows.length,
    stream: Float64Array.from(rows, ([stream]) => stream),
    count: Float64Array.from(rows, ([, count]) => count),
  };
}

function sortRows(rows: [stream: number, ...rest: unknown[]][]): void {
  rows.sort(([a], [b]) => a - b);
  for (let index = 1; index < rows.length; index++) {
    if (rows[index]?.[0] === rows[index - 1]?.[0]) {
      throw new MalformedBytes("a consumer state names a sequence twice");
    }
  }
}
