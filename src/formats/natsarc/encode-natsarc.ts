import { ByteWriter } from "../byte-writer.ts";
import type { ConsumerState } from "../filestore/consumer-state.ts";
import type { OpenJson } from "../filestore/meta-inf.ts";
import { natsarcMagic } from "./entry-head.ts";
import type { StreamStateJson } from "./natsarc-json.ts";

/** A description: the state, or a consumer. */
export interface Description {
  readonly name: string;
  readonly json: string;
}

const encoder = new TextEncoder();
const space = 0x20;

export function describeState(state: StreamStateJson): Description {
  return { name: "state.json", json: JSON.stringify(state) };
}

const longest = Number.MAX_SAFE_INTEGER;
const longestTime = "2262-04-11T23:47:16.854775807Z";

/** As long as the state of a stream can become: keeps the place of one that is known at the end. */
export const longestStateDescription: Description = describeState({
  messages: longest,
  bytes: longest,
  first_seq: longest,
  first_ts: longestTime,
  last_seq: longest,
  last_ts: longestTime,
  consumer_count: longest,
});

/**
 * The entry of a consumer. Without a state it starts by its deliver policy.
 * Source: nats-server server/stream_backup.go (`SnapshotConsumerState`), server/store.go (`ConsumerState`).
 */
export function describeConsumer(name: string, config: OpenJson, state: ConsumerState | undefined): Description {
  const parts = [`"config":${JSON.stringify(config)}`];
  if (state) parts.push(`"state":${stateJson(state)}`);
  return { name: `consumers/${name}`, json: `{${parts.join(",")}}` };
}

/** Times in nanoseconds do not fit into numbers, so that this is written by hand. */
function stateJson({ delivered, ackFloor, pending, redelivered }: ConsumerState): string {
  const pairs = (pair: ConsumerState["delivered"]): string =>
    `{"consumer_seq":${pair.consumer},"stream_seq":${pair.stream}}`;
  const acks: string[] = [];
  for (let row = 0; row < pending.length; row++) {
    // As in o.dat, a delivery whose number is not known counts as the first after the floor.
    const consumer = pending.consumer[row] || ackFloor.consumer + 1;
    acks.push(`"${pending.stream[row]}":{"Sequence":${consumer},"Timestamp":${pending.time[row]}}`);
  }
  const again: string[] = [];
  for (let row = 0; row < redelivered.length; row++) {
    again.push(`"${redelivered.stream[row]}":${redelivered.count[row]}`);
  }
  return (
    `{"delivered":${pairs(delivered)},"ack_floor":${pairs(ackFloor)}` +
    `${acks.length > 0 ? `,"pending":{${acks.join(",")}}` : ""}` +
    `${again.length > 0 ? `,"redelivered":{${again.join(",")}}` : ""}}`
  );
}

/**
 * What stands before the messages: the magic bytes and the descriptions. Those are filled up with spaces to `sizes`, which
 * JSON allows, so that a head that is written first can be replaced when it is known. Throws RangeError where one is larger.
 */
export function encodeNatsarcHead(descriptions: readonly Description[], sizes: readonly number[] = []): Uint8Array {
  const parts: Uint8Array[] = [encoder.encode(natsarcMagic)];
  for (const [index, { name, json }] of descriptions.entries()) {
    const [nameBytes, body] = [encoder.encode(name), encoder.encode(json)];
    const size = sizes[index] ?? body.length;
    if (body.length > size) throw new RangeError(`${name} has ${body.length} bytes and a place of ${size}`);
    const payload = new Uint8Array(size).fill(space);
    payload.set(body);
    parts.push(new ByteWriter().uvarint(nameBytes.length).varint(0n).uvarint(0).uvarint(0).uvarint(size).finish());
    parts.push(nameBytes, payload);
  }
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Bytes of a description's JSON. */
export const descriptionBytes = ({ json }: Description): number => encoder.encode(json).length;
