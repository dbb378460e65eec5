import type { Kernels } from "../formats/kernels/kernels.ts";

/** A seeded source of numbers (mulberry32), so that samples are the same in every run. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Bytes that do not compress. */
export function randomBytes(length: number, seed: number): Uint8Array {
  const next = seededRandom(seed);
  return Uint8Array.from({ length }, () => Math.floor(next() * 256));
}

const words = [
  "order",
  "paid",
  "shipped",
  "EUR",
  '"quantity":',
  "customer",
  "{",
  "}",
  ",",
  "stream",
  "sequence",
  "1",
  "42",
  "ORDERS.eu",
  " ",
  "\r\n",
];

/** What a reference vector says about its data, so that the data need not be stored. */
export interface SampleReference {
  readonly kind: "random" | "text" | "zeros" | "periods" | "far";
  readonly length: number;
  readonly seed: number;
}

/**
 * The data of the reference vectors. `periods` are runs of every period from 1 to 40, for copies that overlap themselves;
 * `far` is text, 70,000 zeros and the same text again, for offsets beyond 64 KiB.
 */
export function sampleBytes({ kind, length, seed }: SampleReference): Uint8Array {
  const next = seededRandom(seed);
  const below = (limit: number): number => Math.floor(next() * limit);
  if (kind === "random") return randomBytes(length, seed);
  const bytes = new Uint8Array(length);
  if (kind === "far") {
    const text = sampleBytes({ kind: "text", length: Math.floor((length - 70_000) / 2), seed });
    bytes.set(text);
    bytes.set(text, text.length + 70_000);
  }
  if (kind === "text") {
    let text = "";
    while (text.length < length) {
      if (below(4) === 0) text += String.fromCharCode(97 + below(26), 48 + below(10));
      text += words[below(words.length)];
    }
    new TextEncoder().encodeInto(text.slice(0, length), bytes);
  }
  if (kind === "periods") {
    for (let at = 0, period = 1; at < length; period = (period % 40) + 1) {
      const pattern = Array.from({ length: period }, () => below(256));
      for (let left = below(300); left > 0; left--) bytes[at++] = pattern[left % period] as number;
    }
  }
  return bytes;
}

/** Text of the kind that orders and events in JSON are; S2 makes it about 1.8 times smaller. */
export function jsonLike(length: number, seed: number): Uint8Array {
  const next = seededRandom(seed);
  const pick = (from: readonly string[]): string => from[Math.floor(next() * from.length)] as string;
  const hex = (digits: number): string =>
    Array.from({ length: digits }, () => Math.floor(next() * 16).toString(16)).join("");
  let text = "";
  while (text.length < length) {
    text +=
      `{"order_id":"${hex(8)}-${hex(4)}-${hex(12)}","customer":${Math.floor(next() * 1e6)},"status":"${pick(["new", "paid", "shipped", "returned"])}",` +
      `"total":${(next() * 500).toFixed(2)},"currency":"${pick(["EUR", "USD", "CHF"])}","items":[{"sku":"${hex(10)}","quantity":${Math.ceil(next() * 9)}},` +
      `{"sku":"${hex(10)}","quantity":${Math.ceil(next() * 9)}}],"note":"${pick(["", "leave at the door", "call before delivery"])}","trace":"${hex(32)}"}`;
  }
  return new TextEncoder().encode(text.slice(0, length));
}

export interface SampleMessage {
  readonly sequence: bigint;
  /** Nanoseconds since 1970. */
  readonly timestamp: bigint;
  readonly subject: Uint8Array;
  /** Absent: the record has no header block. */
  readonly header?: Uint8Array;
  readonly payload: Uint8Array;
  /** Bits 63 (erased) and 62 (tombstone) of the stored sequence. */
  readonly marks?: bigint;
}

/** One filestore record; the hash is made with the key that `kernels` was given. Independent of the scan. */
export function recordBytes(kernels: Kernels, message: SampleMessage): Uint8Array {
  const { subject, header, payload } = message;
  const head = header === undefined ? 0 : header.length + 4;
  const record = new Uint8Array(22 + subject.length + head + payload.length + 8);
  const view = new DataView(record.buffer);
  view.setUint32(0, (record.length | (header === undefined ? 0 : 0x8000_0000)) >>> 0, true);
  view.setBigUint64(4, message.sequence | (message.marks ?? 0n), true);
  view.setBigInt64(12, message.timestamp, true);
  view.setUint16(20, subject.length, true);
  record.set(subject, 22);
  if (header !== undefined) {
    view.setUint32(22 + subject.length, header.length, true);
    record.set(header, 26 + subject.length);
  }
  record.set(payload, 22 + subject.length + head);
  const hashed = Uint8Array.of(...record.subarray(4, 20), ...subject, ...(header ?? []), ...payload);
  const at = kernels.allocate(hashed.length);
  kernels.bytes.set(hashed, at);
  view.setBigUint64(record.length - 8, kernels.highway64(at, hashed.length), true);
  return record;
}

/** A uvarint, as Go's encoding/binary writes it. */
export function uvarint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
}

/** One message entry of a NATSARC1 archive. */
export function entryBytes(message: SampleMessage): Uint8Array {
  const { sequence, timestamp, subject, header, payload } = message;
  const head = [
    ...uvarint(BigInt(subject.length)),
    ...uvarint(BigInt.asUintN(64, (timestamp << 1n) ^ (timestamp >> 63n))),
    ...uvarint(sequence),
    ...uvarint(BigInt(header?.length ?? 0)),
    ...uvarint(BigInt(payload.length)),
  ];
  const entry = new Uint8Array(head.length + subject.length + (header?.length ?? 0) + payload.length);
  entry.set(head);
  entry.set(subject, head.length);
  if (header !== undefined) entry.set(header, head.length + subject.length);
  entry.set(payload, entry.length - payload.length);
  return entry;
}
