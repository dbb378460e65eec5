import { MalformedBytes } from "../byte-reader.ts";
import { type ConsumerState, pendingAcks, redelivered, type SequencePair } from "../filestore/consumer-state.ts";
import { decodeObject, type OpenJson } from "../filestore/meta-inf.ts";

/** `state.json`: the stream's state when the snapshot began. What the archive holds can differ from its counts. */
export interface StreamStateJson {
  readonly messages: number;
  readonly bytes: number;
  readonly first_seq: number;
  readonly first_ts: string;
  readonly last_seq: number;
  readonly last_ts: string;
  readonly num_deleted?: number;
  readonly num_subjects?: number;
  readonly consumer_count: number;
  readonly [key: string]: unknown;
}

/** Decodes `state.json`. Source: nats-server server/store.go (`StreamState`). Throws MalformedBytes. */
export function decodeStateJson(bytes: Uint8Array): StreamStateJson {
  const { value } = decodeObject(bytes);
  for (const key of ["messages", "bytes", "first_seq", "last_seq", "consumer_count"]) {
    if (!isCount(value[key])) throw new MalformedBytes(`"${key}" is missing or no number`);
  }
  for (const key of ["first_ts", "last_ts"]) {
    if (typeof value[key] !== "string") throw new MalformedBytes(`"${key}" is missing or no time`);
  }
  return value as unknown as StreamStateJson;
}

/**
 * Decodes a `consumers/<name>` entry. Source: nats-server server/stream_backup.go (`SnapshotConsumerState`), server/store.go
 * (`ConsumerState`). Throws MalformedBytes.
 */
export function decodeConsumerJson(bytes: Uint8Array): { readonly config: OpenJson; readonly state?: ConsumerState } {
  const { text } = decodeObject(bytes);
  const value = JSON.parse(text, exactIntegers) as { config?: unknown; state?: unknown };
  if (!isObject(value.config)) throw new MalformedBytes("no configuration of a consumer");
  const config = plainNumbers(value.config) as OpenJson;
  if (value.state === undefined || value.state === null) return { config };
  if (!isObject(value.state)) throw new MalformedBytes("no state of a consumer");
  const { delivered, ack_floor: ackFloor, pending, redelivered: again } = value.state;
  return {
    config,
    state: {
      delivered: pair(delivered),
      ackFloor: pair(ackFloor),
      pending: pendingAcks(
        rows(pending).map(([key, item]) => {
          if (!isObject(item)) throw malformed();
          return [sequence(key), sequence(item.Sequence ?? 0), time(item.Timestamp ?? 0)];
        }),
      ),
      redelivered: redelivered(rows(again).map(([key, count]) => [sequence(key), sequence(count)])),
    },
  };
}

function rows(value: unknown): [key: string, value: unknown][] {
  if (value === undefined || value === null) return [];
  if (!isObject(value)) throw malformed();
  return Object.entries(value);
}

function pair(value: unknown): SequencePair {
  if (!isObject(value)) throw malformed();
  return { consumer: sequence(value.consumer_seq ?? 0), stream: sequence(value.stream_seq ?? 0) };
}

function sequence(value: unknown): number {
  const number = typeof value === "string" && /^[0-9]{1,16}$/.test(value) ? Number(value) : value;
  if (!isCount(number)) throw malformed();
  return number;
}

function time(value: unknown): bigint {
  if (typeof value === "bigint") return BigInt.asIntN(64, value);
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  throw malformed();
}

/** Keeps integers that a number cannot hold, times in nanoseconds, as they were written. */
function exactIntegers(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  const source = context?.source;
  if (source !== undefined && /^-?[0-9]{1,20}$/.test(source)) return BigInt(source);
  // Engines without source access keep the nearest number; it is a few hundred nanoseconds off.
  return Number.isInteger(value) && Math.abs(value) < 2 ** 63 ? BigInt(value) : value;
}

/** A configuration has plain numbers, as JSON.parse gives them. */
function plainNumbers(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(plainNumbers);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainNumbers(item)]));
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function malformed(): MalformedBytes {
  return new MalformedBytes("a malformed state of a consumer");
}
