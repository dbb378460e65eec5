import { ByteWriter } from "../byte-writer.ts";
import { encodeDeletedMap } from "./encode-deleted-map.ts";

/** One block as an index lists it. Sequences are inclusive, times nanoseconds since 1970, bytes those of the live records. */
export interface BlockToIndex {
  readonly number: number;
  readonly bytes: number;
  readonly first: number;
  readonly firstTime: bigint;
  readonly last: number;
  readonly lastTime: bigint;
  /** Missing between first and last: runs, ascending. */
  readonly deleted: readonly (readonly [number, number])[];
}

export interface IndexedSubject {
  readonly subject: Uint8Array;
  readonly messages: number;
  readonly firstBlock: number;
  readonly lastBlock: number;
}

export interface IndexToEncode {
  readonly messages: number;
  /** At least one, each with a live message. */
  readonly blocks: readonly BlockToIndex[];
  readonly subjectCount: number;
  readonly subjects: Iterable<IndexedSubject>;
  /** Of the last record in the last block. */
  readonly lastChecksum: bigint;
}

/**
 * Encodes an `index.db` of version 1, which every server from 2.10 on reads, without the hash that ends it. It says nothing of
 * per-message TTLs and schedules: streams with such messages must go without.
 * Source: nats-server server/filestore.go (`_writeFullState` of 2.10, `recoverFullState`).
 */
export function encodeIndexDb({ messages, blocks, subjectCount, subjects, lastChecksum }: IndexToEncode): Uint8Array {
  const [first, last] = [blocks[0] as BlockToIndex, blocks.at(-1) as BlockToIndex];
  const writer = new ByteWriter().u8(11).u8(1);
  writer.uvarint(messages).uvarint(blocks.reduce((sum, { bytes }) => sum + bytes, 0));
  writer.uvarint(first.first).varint(first.firstTime).uvarint(last.last).varint(last.lastTime);
  writer.uvarint(subjectCount);
  for (const { subject, messages: total, firstBlock, lastBlock } of subjects) {
    writer.uvarint(subject.length).bytes(subject).uvarint(total).uvarint(firstBlock);
    if (total > 1) writer.uvarint(lastBlock);
  }
  writer.uvarint(blocks.length);
  for (const block of blocks) {
    writer.uvarint(block.number).uvarint(block.bytes);
    writer.uvarint(block.first).varint(block.firstTime - first.firstTime);
    writer.uvarint(block.last).varint(block.lastTime - first.firstTime);
    const deleted = block.deleted.reduce((sum, [from, to]) => sum + to - from + 1, 0);
    writer.uvarint(deleted);
    if (deleted > 0) encodeDeletedMap(writer, block.deleted, deleted);
  }
  return writer.uvarint(last.number).u64(lastChecksum).finish();
}
