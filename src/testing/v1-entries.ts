import { ArchiveInspector, type ArchiveReport, type InspectOptions } from "../formats/archive/archive-inspector.ts";
import { BlockWriter, type TestRecord } from "./filestore-records.ts";
import { indexDb, type TestIndex, u64, uvarint, varint } from "./index-db-writer.ts";
import { packS2, type TestEntry, tarOf } from "./test-archive.ts";

const writer = new BlockWriter();

/** The report of a v1 archive of these entries. */
export function inspect(entries: readonly TestEntry[], options: InspectOptions = {}): ArchiveReport {
  const inspector = new ArchiveInspector(options);
  inspector.push(packS2(tarOf(entries)));
  return inspector.end();
}

/** `msgs/<number>.blk` of the stream S. */
export function blk(number: number, records: readonly (number | TestRecord)[]): TestEntry {
  const all = records.map((one) =>
    typeof one === "number" ? { sequence: one, subject: "a", payload: `${one}` } : one,
  );
  return { name: `msgs/${number}.blk`, content: writer.block("S", number, all) };
}

export function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** The checksum of the last record of a block, as an index remembers it. */
export function lastChecksum({ content }: TestEntry): bigint {
  return new DataView(content.buffer).getBigUint64(content.length - 8, true);
}

/** `msgs/index.db` of the stream S. */
export const index = (content: TestIndex): TestEntry => ({ name: "msgs/index.db", content: indexDb("S", content) });
export const live = (report: ArchiveReport): readonly (readonly [number, number])[] => [...report.live.ranges];
export const codes = (report: ArchiveReport): string[] =>
  report.problems.map(({ code, severity }) => `${code} ${severity}`);
export const tomb = (sequence: number): TestRecord => ({ sequence, tombstone: true });
export const erased = (sequence: number): TestRecord => ({ sequence, erased: true, time: 0n, payload: "noise" });

/** What an index of one block says, as servers up to 2.9 write it. */
export interface IdxFacts {
  readonly first: number;
  readonly last: number;
  readonly deleted: readonly number[];
  readonly bytes: number;
  readonly checksum: bigint;
}

/** `msgs/<block>.idx`. */
export function idx(block: number, { first, last, deleted, bytes, checksum }: IdxFacts): TestEntry {
  const content = Uint8Array.from([
    ...[22, 1],
    ...[...uvarint(last - first + 1 - deleted.length), ...uvarint(bytes), ...uvarint(first), ...varint(1n)],
    ...[...uvarint(last), ...varint(2n), ...uvarint(deleted.length), ...u64(checksum)],
    ...deleted.flatMap((sequence) => uvarint(sequence - first)),
  ]);
  return { name: `msgs/${block}.idx`, content };
}
