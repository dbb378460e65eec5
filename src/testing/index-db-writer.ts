import { HighwayHash } from "../formats/filestore/highway-hash.ts";
import { streamKey } from "../formats/filestore/highway-keys.ts";

export interface TestBlock {
  readonly number: number;
  readonly first: number;
  readonly last: number;
  readonly deleted?: readonly number[];
  readonly firstTime?: bigint;
  readonly lastTime?: bigint;
}

export interface TestIndex {
  readonly version?: 1 | 2 | 3 | 4;
  readonly blocks: readonly TestBlock[];
  /** Subjects with the number of their messages. */
  readonly subjects?: Readonly<Record<string, number>>;
  readonly lastSequence?: number;
  readonly messages?: number;
  /** That of the first block by default. */
  readonly firstSequence?: number;
  readonly lastChecksum?: bigint;
  /** The version of the maps of deletes; 2 by default. */
  readonly mapVersion?: 1 | 2;
}

/** Writes an `index.db`, for tests. */
export function indexDb(stream: string, index: TestIndex): Uint8Array {
  const { version = 4, blocks, subjects = {} } = index;
  const base = blocks[0]?.firstTime ?? 0n;
  const live = blocks.reduce((sum, { first, last, deleted = [] }) => sum + last - first + 1 - deleted.length, 0);
  const bytes: number[] = [11, version];
  bytes.push(
    ...uvarint(index.messages ?? live),
    ...uvarint(live * 100),
    ...uvarint(index.firstSequence ?? blocks[0]?.first ?? 0),
  );
  bytes.push(...varint(base), ...uvarint(index.lastSequence ?? blocks.at(-1)?.last ?? 0), ...varint(0n));
  const names = Object.entries(subjects);
  bytes.push(...uvarint(names.length));
  for (const [name, total] of names) {
    const text = new TextEncoder().encode(name);
    bytes.push(...uvarint(text.length), ...text, ...uvarint(total), ...uvarint(1));
    if (total > 1 || version >= 4) bytes.push(...uvarint(2));
  }
  bytes.push(...uvarint(blocks.length));
  for (const { number, first, last, deleted = [], firstTime = 0n, lastTime = 0n } of blocks) {
    bytes.push(...uvarint(number), ...uvarint(1000), ...uvarint(first), ...varint(firstTime - base));
    bytes.push(...uvarint(last), ...varint(lastTime - base), ...uvarint(deleted.length));
    if (version >= 2) bytes.push(...uvarint(3));
    if (version >= 3) bytes.push(...uvarint(4));
    if (deleted.length > 0) bytes.push(...deletedMap(deleted, index.mapVersion));
  }
  bytes.push(...uvarint(blocks.at(-1)?.number ?? 0), ...u64(index.lastChecksum ?? 0n));
  const hash = new HighwayHash(streamKey(stream));
  hash.update(Uint8Array.from(bytes));
  return Uint8Array.from([...bytes, ...u64(hash.digest())]);
}

/** A map of deletes; its nodes come in an order that is not that of their bases, as those of a tree do. */
export function deletedMap(sequences: readonly number[], version: 1 | 2 = 2): number[] {
  const words = version === 1 ? 64 : 32;
  const nodes = new Map<number, bigint[]>();
  for (const sequence of sequences) {
    const base = Math.floor(sequence / (64 * words)) * 64 * words;
    const bits = nodes.get(base) ?? Array.from({ length: words }, () => 0n);
    nodes.set(base, bits);
    const word = Math.floor((sequence - base) / 64);
    bits[word] = (bits[word] ?? 0n) | (1n << BigInt((sequence - base) % 64));
  }
  const all = [...nodes].sort(([a], [b]) => a - b);
  const middle = all.splice(Math.floor(all.length / 2), 1);
  const bytes = [22, version, ...u32(nodes.size), ...u32(sequences.length)];
  for (const [base, bits] of [...middle, ...all.reverse()]) {
    bytes.push(...u64(BigInt(base)), ...bits.flatMap(u64), 1, 0);
  }
  return bytes;
}

export function uvarint(value: number | bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
}

export function varint(value: bigint): number[] {
  return uvarint(BigInt.asUintN(64, (value << 1n) ^ (value >> 63n)));
}

export function u64(value: bigint): number[] {
  return Array.from({ length: 8 }, (_, byte) => Number((value >> BigInt(8 * byte)) & 0xffn));
}

function u32(value: number): number[] {
  return Array.from({ length: 4 }, (_, byte) => (value >>> (8 * byte)) & 0xff);
}
