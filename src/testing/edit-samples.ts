import fc from "fast-check";
import type { EditSpec } from "../formats/edit/run-edit.ts";
import { pendingAcks, redelivered } from "../formats/filestore/consumer-state.ts";
import { encodeConsumerState } from "../formats/filestore/encode-consumer-state.ts";
import { HighwayHash } from "../formats/filestore/highway-hash.ts";
import { checksumText, consumerKey } from "../formats/filestore/highway-keys.ts";
import type { OracleConsumer, OracleStream } from "./edit-oracle.ts";
import { headersOf } from "./entry-batch.ts";
import { BlockWriter, type TestRecord } from "./filestore-records.ts";
import { archiveV2 } from "./natsarc-writer.ts";
import { metaEntries, packS2, type TestEntry, tarOf } from "./test-archive.ts";

/** A stream to edit, with messages that are gone again. */
export interface Sample extends OracleStream {
  /** Messages that a v1 archive still holds, and that are deleted. */
  readonly dead: ReadonlySet<number>;
  /** All, dead ones as well. */
  readonly stored: OracleStream["messages"];
}

const second = 1_000_000_000n;
const start = 1_700_000_000n * second;
const subjects = ["a.b", "a.c", "a.b.c", "größe.語", "$KV.k.x", "$KV.k.y"];
const headers = [
  "",
  headersOf({ Id: "1" }),
  headersOf({ Id: "2", Source: "shop" }),
  headersOf({ "KV-Operation": "DEL" }),
  headersOf({ "KV-Operation": "PUT", "Nats-TTL": "never" }),
  headersOf({ "Nats-Marker-Reason": "MaxAge" }),
];
const payloads = ["", "one", "two words", "größer", "x".repeat(3000)];
const latin1 = (text: string): string => Buffer.from(text).toString("latin1");

const message = fc.record({
  gap: fc.oneof(
    { weight: 20, arbitrary: fc.constant(1) },
    { weight: 3, arbitrary: fc.integer({ min: 2, max: 5 }) },
    { weight: 1, arbitrary: fc.constantFrom(1024, 1025, 1026, 70_000, 5_000_000_000) },
  ),
  pause: fc.constantFrom(0n, 1n, second),
  subject: fc.constantFrom(...subjects),
  headers: fc.constantFrom(...headers),
  payload: fc.constantFrom(...payloads),
  isDead: fc.integer({ min: 0, max: 4 }).map((number) => number === 0),
});

/** Evenly spread: as doubles, nearly all would be almost zero. */
const part = fc.nat(20).map((number) => number / 20);

/** Where a consumer stands, as parts of the stream's messages. */
const consumer = fc.record({
  at: fc.array(part, { minLength: 2, maxLength: 2 }),
  waits: part,
  filter: fc.constantFrom(undefined, "a.*", "a.b", ">", "größe.語"),
});

export const samples: fc.Arbitrary<Sample> = fc
  .tuple(
    fc.array(message, { maxLength: 25 }),
    fc.constantFrom(0, 0, 1, 777, 3_000_000_000),
    fc.array(consumer, { maxLength: 2 }),
  )
  .map(([list, behind, consumers]) => {
    let [sequence, time] = [0, start];
    const dead = new Set<number>();
    const stored = list.map((one) => {
      sequence += one.gap;
      time += one.pause;
      if (one.isDead) dead.add(sequence);
      return { sequence, time, subject: latin1(one.subject), headers: one.headers, payload: latin1(one.payload) };
    });
    const lastSequence = sequence + behind;
    return {
      ...{ stored, dead, lastSequence },
      messages: stored.filter((one) => !dead.has(one.sequence)),
      consumers: consumers.map(({ at, waits, filter }, index): OracleConsumer => {
        const places = [0, ...stored.map((one) => one.sequence), lastSequence];
        const [floor = 0, delivered = 0] = at
          .map((share) => places[Math.round(share * (places.length - 1))] as number)
          .sort((a, b) => a - b);
        const open = stored.filter((one) => one.sequence > floor && one.sequence <= delivered);
        const pending = open.slice(0, Math.ceil(waits * open.length)).map((one) => one.sequence);
        return { name: `c${index}`, floor, delivered, pending, ...(filter ? { filter } : {}) };
      }),
    };
  });

export const consumerConfig = ({ name, filter }: OracleConsumer): Record<string, unknown> => ({
  durable_name: name,
  ack_policy: "explicit",
  ...(filter ? { filter_subject: filter } : {}),
});

const seconds = (sequence: number): bigint => start + BigInt(sequence % 1000) * second;

/** As a server from 2.15 on would write it: live messages only. */
export function writeV2({ messages, lastSequence, consumers }: Sample): Uint8Array {
  const first = messages[0]?.sequence ?? (lastSequence === 0 ? 0 : lastSequence + 1);
  const described = consumers.map((one) => {
    const pending = one.pending.map((sequence) => [
      sequence,
      { Sequence: sequence, Timestamp: Number(seconds(sequence)) },
    ]);
    const state = {
      delivered: { consumer_seq: one.delivered, stream_seq: one.delivered },
      ack_floor: { consumer_seq: one.floor, stream_seq: one.floor },
      ...(one.pending.length > 0 ? { pending: Object.fromEntries(pending) } : {}),
      ...(one.pending.length > 0 ? { redelivered: { [String(one.pending[0])]: 2 } } : {}),
    };
    return [one.name, { config: consumerConfig(one), state }];
  });
  const entries = messages.map((one) => ({
    ...{ sequence: one.sequence, time: one.time, headers: one.headers },
    name: Buffer.from(one.subject, "latin1").toString(),
    payload: Buffer.from(one.payload, "latin1"),
  }));
  const state = { first_seq: first, last_seq: lastSequence };
  return packS2(archiveV2({ state, messages: entries, consumers: Object.fromEntries(described) }));
}

const blocks = new BlockWriter();

/** As a server before 2.15 would: blocks of `perBlock` records, deleted messages and tombstones among them, no index. */
export function writeV1({ stored, dead, lastSequence, consumers }: Sample, perBlock: number): Uint8Array {
  const records = stored.map((one, index): TestRecord => {
    const payload = Buffer.from(one.payload, "latin1");
    // Every second of the dead was erased in its place, without a tombstone.
    if (dead.has(one.sequence) && index % 2 === 0) return { sequence: one.sequence, time: 0n, erased: true, payload };
    const text = one.headers === "" ? {} : { headers: one.headers };
    return {
      ...one,
      ...text,
      headers: text.headers as string,
      subject: Buffer.from(one.subject, "latin1").toString(),
      payload,
    };
  });
  for (const record of records) if (record.headers === undefined) delete (record as { headers?: string }).headers;
  const tombstones = stored.filter((one, index) => dead.has(one.sequence) && index % 2 === 1);
  records.push(...tombstones.map(({ sequence, time }) => ({ sequence, time, tombstone: true })));
  if (lastSequence > 0) records.push({ sequence: lastSequence, time: stored.at(-1)?.time ?? start, erased: true });
  if (lastSequence === stored.at(-1)?.sequence) records.pop();
  const entries: TestEntry[] = metaEntries("S");
  for (let at = 0, number = 3; at < records.length; at += perBlock, number += 2) {
    const content = blocks.block("S", number, records.slice(at, at + perBlock));
    entries.push({ name: `msgs/${number}.blk`, content });
  }
  return packS2(tarOf([...entries, ...consumers.flatMap(consumerEntries)]));
}

function consumerEntries(one: OracleConsumer): TestEntry[] {
  const encoder = new TextEncoder();
  const meta = { Created: "2026-01-02T03:04:05Z", Name: one.name, ...consumerConfig(one) };
  const content = encoder.encode(JSON.stringify(meta));
  const hash = new HighwayHash(consumerKey("S", one.name));
  hash.update(content);
  const state = encodeConsumerState({
    delivered: { consumer: one.delivered, stream: one.delivered },
    ackFloor: { consumer: one.floor, stream: one.floor },
    pending: pendingAcks(one.pending.map((sequence) => [sequence, sequence, seconds(sequence)])),
    redelivered: redelivered(one.pending.slice(0, 1).map((sequence) => [sequence, 2])),
  });
  return [
    { name: `obs/${one.name}/meta.inf`, content },
    { name: `obs/${one.name}/meta.sum`, content: encoder.encode(checksumText(hash.digest())) },
    { name: `obs/${one.name}/o.dat`, content: state },
  ];
}

const some = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 2 });
const pattern = fc.constantFrom("a.*", "a.>", ">", "$KV.k.*", "größe.>", "*.b", "a.b.c");
const sequence = fc.constantFrom(0, 1, 3, 8, 15, 30, 1030, 5_000_000_004);
const time = fc.integer({ min: 0, max: 12 }).map((number) => start + BigInt(number) * second);
const rule = fc.constantFrom(
  { from: "a.*", to: "x.$1" },
  { from: "a.>", to: "much.longer.than.before.>" },
  { from: "a.b", to: "z" },
  { from: "größe.*", to: "$1.größe" },
  { from: "*.k.*", to: "$1.l.$2" },
);

/** Leaves out what is undefined. */
const given = <T extends object>(value: T): { [Key in keyof T]: Exclude<T[Key], undefined> } =>
  Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as never;

const selection = fc
  .record({
    firstSequence: some(sequence),
    lastSequence: some(sequence),
    after: some(time),
    before: some(time),
    subjects: some(fc.array(pattern, { maxLength: 2 })),
    excludeSubjects: some(fc.array(pattern, { maxLength: 1 })),
    headers: some(fc.constantFrom([{ name: "ID" }], [{ name: "Id", value: "2" }, { name: "kv-operation" }])),
    excludeHeaders: some(fc.constantFrom(["source"], ["KV-Operation"])),
    payloads: some(fc.constantFrom([/o/], [/ö/, /^$/g])),
    excludePayloads: some(fc.constantFrom([/words/], [/x{100}/])),
  })
  // All at once would leave nothing.
  .chain((all) =>
    fc.subarray(Object.entries(all), { maxLength: 3 }).map((entries) => Object.fromEntries(entries) as typeof all),
  );

export const specs: fc.Arbitrary<EditSpec> = fc
  .record({
    select: some(selection.map(given)),
    newest: some(fc.constantFrom({ count: 1 }, { count: 2 }, { count: 1, dropRemovedKeys: true })),
    subjectRules: some(fc.array(rule, { maxLength: 2 })),
    renumber: some(fc.boolean()),
    consumers: some(fc.boolean()),
  })
  .map((spec) => given(spec) as EditSpec);
