import { ByteReader, MalformedBytes } from "../byte-reader.ts";
import { SequenceRanges } from "../sequence-ranges.ts";
import { DeletedMapBuilder, decodeDeletedMapHead, deletedMapHeadBytes } from "./deleted-map.ts";

/** `msgs/N.idx`: what a server before 2.10 knows of one block. Times are nanoseconds since 1970. */
export interface BlockIndex {
  readonly messages: number;
  readonly bytes: number;
  readonly firstSequence: number;
  readonly firstTime: bigint;
  /** `firstSequence - 1` when the block holds no message. */
  readonly lastSequence: number;
  readonly lastTime: bigint;
  /** Of the last record in the block when the index was written. */
  readonly lastChecksum: bigint;
  readonly live: SequenceRanges;
}

/**
 * Decodes an `N.idx`. It has no checksum of its own; the messages it counts have to agree with its deletes.
 *
 * Source: nats-server v2.9.25 server/filestore.go (`writeIndexInfo`, `readIndexInfo`); version 2, of releases between,
 * holds the deletes as a map. Throws MalformedBytes.
 */
export function decodeBlockIndex(bytes: Uint8Array): BlockIndex {
  const reader = new ByteReader(bytes);
  const [magic, version] = [reader.u8(), reader.u8()];
  if (magic !== 22 || (version !== 1 && version !== 2)) throw new MalformedBytes("this is no index of a block");
  const messages = reader.uvarint();
  const size = reader.uvarint();
  const firstSequence = reader.uvarint();
  const firstTime = reader.varint();
  const lastSequence = reader.uvarint();
  const lastTime = reader.varint();
  const deletedCount = reader.uvarint();
  const lastChecksum = reader.u64();
  const deleted = version === 1 ? deltas(reader, firstSequence, deletedCount) : map(reader, deletedCount);
  // A block that never had a message has zeros for both.
  const none = lastSequence < firstSequence || (messages === 0 && deletedCount === 0);
  const live = none ? deleted : SequenceRanges.from([[firstSequence, lastSequence]]).difference(deleted);
  if (live.count !== messages) throw new MalformedBytes("the counts of the index of a block do not agree");
  return { messages, bytes: size, firstSequence, firstTime, lastSequence, lastTime, lastChecksum, live };
}

/**
 * The deletes of version 1: distances from the first sequence, in no order. Fewer than were counted when some of them lay
 * before the first sequence, which has moved on; more bytes, of an older index, when there are none.
 */
function deltas(reader: ByteReader, first: number, count: number): SequenceRanges {
  const sequences = new Float64Array(Math.min(count, reader.remaining));
  let found = 0;
  while (found < count && reader.remaining > 0) sequences[found++] = first + reader.uvarint();
  const ranges = new SequenceRanges();
  for (const sequence of sequences.subarray(0, found).sort()) {
    if (ranges.runs > 0 && sequence === ranges.last)
      throw new MalformedBytes("the index of a block has a delete twice");
    ranges.append(sequence);
  }
  return ranges;
}

function map(reader: ByteReader, count: number): SequenceRanges {
  if (count === 0) return new SequenceRanges();
  const head = decodeDeletedMapHead(reader.take(deletedMapHeadBytes));
  const builder = new DeletedMapBuilder(head);
  for (let node = 0; node < head.nodes; node++) builder.add(reader.take(head.nodeBytes));
  return builder.build();
}
