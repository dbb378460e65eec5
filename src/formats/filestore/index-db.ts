import { MalformedBytes } from "../byte-reader.ts";
import type { Parsing } from "../parsing.ts";
import { SequenceRanges } from "../sequence-ranges.ts";
import type { Window } from "../window.ts";
import { DeletedMapBuilder, decodeDeletedMapHead, deletedMapHeadBytes } from "./deleted-map.ts";
import { HashedEntry } from "./hashed-entry.ts";

/** One block as `index.db` lists it. Sequences are inclusive; `last` is `first - 1` when it holds no message. */
export interface IndexedBlock {
  readonly number: number;
  readonly first: number;
  readonly last: number;
  /** Time of the first live message; what the server had there when none is left. Nanoseconds since 1970. */
  readonly firstTime: bigint;
  readonly lastTime: bigint;
  /** How many live messages it holds. */
  readonly messages: number;
}

/** `msgs/index.db`: the state of a filestore at one moment, on servers from 2.10 on. */
export interface IndexDb {
  readonly version: number;
  readonly messages: number;
  readonly bytes: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** How many subjects have messages. */
  readonly subjects: number;
  readonly blocks: readonly IndexedBlock[];
  /** The live sequences. */
  readonly live: SequenceRanges;
  /** Number of the block that was written to last, and the checksum of its last record. */
  readonly lastBlock: number;
  readonly lastChecksum: bigint;
}

const magic = 11;
const newestVersion = 4;
const minBytes = 32;
const maxSubjectBytes = 1024 * 1024;
/** A block of 8 MiB has at most 280,000 records, so this bounds a map at one node for each. */
const maxMapNodes = 512 * 1024;

/** 16 TB of blocks of 8 MiB. */
const maxBlocks = 2 * 1024 * 1024;

/** The most bytes that the numbers of one item take. */
const itemBytes = 100;

/**
 * Parses an `index.db` of `size` bytes that is next in the window, and checks its hash. Memory is that of the blocks, of which there are
 * two million at most, and of the holes between live sequences; subjects are counted only.
 *
 * Source: nats-server server/filestore.go (`_writeFullState`, `recoverFullState`): version 1 by 2.10, 2 by 2.11 (adds the
 * number of TTLs), 3 by 2.12 (adds schedules), 4 by 2.14 (always has a subject's last block). Throws ARCHIVE_DAMAGED.
 */
export function* parseIndexDb(window: Window, name: string, size: number, key: Uint8Array): Parsing<IndexDb> {
  const entry = new HashedEntry(window, name, size, key);
  if (size < minBytes) throw entry.damaged(`${size} bytes are too few for an index`);
  yield* entry.want(itemBytes);
  const [found, version] = [entry.u8(), entry.u8()];
  if (found !== magic) throw entry.damaged("this is no index of a filestore");
  if (version < 1 || version > newestVersion) throw entry.damaged(`an index of the unknown version ${version}`);
  const messages = entry.uvarint();
  const bytes = entry.uvarint();
  const firstSequence = entry.uvarint();
  const baseTime = entry.varint();
  const lastSequence = entry.uvarint();
  entry.varint(); // The last time, which a block has as well.
  const subjects = yield* skipSubjects(entry, version);
  yield* entry.want(itemBytes);
  const blockCount = entry.uvarint();
  if (blockCount > maxBlocks) throw entry.damaged(`an index of ${blockCount} blocks`);
  const blocks: IndexedBlock[] = [];
  const live = new SequenceRanges();
  for (let index = 0; index < blockCount; index++) {
    if (entry.available < itemBytes) yield* entry.want(itemBytes);
    blocks.push(yield* parseBlock(entry, version, baseTime, live));
  }
  yield* entry.want(itemBytes);
  const lastBlock = entry.uvarint();
  const lastChecksum = littleEndian(entry.take(8));
  yield* entry.end();
  return { version, messages, bytes, firstSequence, lastSequence, subjects, blocks, live, lastBlock, lastChecksum };
}

function* skipSubjects(entry: HashedEntry, version: number): Parsing<number> {
  yield* entry.want(itemBytes);
  const subjects = entry.uvarint();
  for (let index = 0; index < subjects; index++) {
    if (entry.available < itemBytes) yield* entry.want(itemBytes);
    const length = entry.uvarint();
    if (length > maxSubjectBytes) throw entry.damaged(`a subject of ${length} bytes`);
    if (entry.available < length + itemBytes) yield* entry.want(length + itemBytes);
    entry.take(length);
    const total = entry.uvarint();
    entry.uvarint();
    if (total > 1 || version >= 4) entry.uvarint();
  }
  return subjects;
}

function* parseBlock(
  entry: HashedEntry,
  version: number,
  baseTime: bigint,
  live: SequenceRanges,
): Parsing<IndexedBlock> {
  const number = entry.uvarint();
  entry.uvarint(); // Bytes of live messages.
  const first = entry.uvarint();
  const firstTime = baseTime + entry.varint();
  const last = entry.uvarint();
  const lastTime = baseTime + entry.varint();
  const deletedCount = entry.uvarint();
  if (version >= 2) entry.uvarint();
  if (version >= 3) entry.uvarint();
  const deleted = deletedCount > 0 ? yield* parseDeleted(entry) : new SequenceRanges();
  const before = live.count;
  if (last >= first) {
    if (first <= live.last && live.runs > 0)
      throw entry.damaged(`block ${number} begins before the block in front of it ends`);
    for (const [runFirst, runLast] of SequenceRanges.from([[first, last]]).difference(deleted)) {
      live.appendRun(runFirst, runLast);
    }
  }
  return { number, first, last, firstTime, lastTime, messages: live.count - before };
}

function* parseDeleted(entry: HashedEntry): Parsing<SequenceRanges> {
  try {
    yield* entry.want(deletedMapHeadBytes);
    const head = decodeDeletedMapHead(entry.take(deletedMapHeadBytes));
    if (head.nodes > maxMapNodes) throw entry.damaged(`a map of deletes with ${head.nodes} nodes`);
    const builder = new DeletedMapBuilder(head);
    for (let node = 0; node < head.nodes; node++) {
      if (entry.available < head.nodeBytes) yield* entry.want(head.nodeBytes);
      builder.add(entry.take(head.nodeBytes));
    }
    return builder.build();
  } catch (error) {
    if (error instanceof MalformedBytes) throw entry.damaged(error.message);
    throw error;
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
}
