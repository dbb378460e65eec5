import { ByteReader, MalformedBytes } from "../byte-reader.ts";
import { SequenceRanges } from "../sequence-ranges.ts";

/**
 * The set of deleted sequences of one block, as the filestore writes it: nodes of a binary tree, each a base and a bitmap,
 * in the order of the tree. Source: nats-server server/avl/seqset.go (Encode, decodev1, decodev2).
 */
export const deletedMapHeadBytes = 10;

export interface DeletedMapHead {
  readonly nodes: number;
  readonly size: number;
  /** Words of 64 bits in a node: 64 in version 1, 32 in version 2. */
  readonly words: number;
  /** Bytes of one node. */
  readonly nodeBytes: number;
}

/** Decodes the head. Throws MalformedBytes. */
export function decodeDeletedMapHead(bytes: Uint8Array): DeletedMapHead {
  const reader = new ByteReader(bytes);
  const magic = reader.u8();
  const version = reader.u8();
  if (magic !== 22 || (version !== 1 && version !== 2))
    throw new MalformedBytes("a map of deletes of an unknown version");
  const words = version === 1 ? 64 : 32;
  return { nodes: reader.u32(), size: reader.u32(), words, nodeBytes: 8 + 8 * words + 2 };
}

/** Collects the nodes of one map, in whatever order they come. */
export class DeletedMapBuilder {
  readonly #head: DeletedMapHead;
  /** The nodes without their heights, as they came. */
  #bytes = new Uint8Array(4096);
  readonly #bases: { readonly base: number; readonly at: number }[] = [];

  constructor(head: DeletedMapHead) {
    this.#head = head;
  }

  /** Takes one node of `nodeBytes` bytes. Throws MalformedBytes. */
  add(node: Uint8Array): void {
    const length = this.#head.nodeBytes - 2;
    const at = this.#bases.length * length;
    if (at + length > this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(node.subarray(0, length), at);
    const base = new ByteReader(node).u64();
    if (base > BigInt(Number.MAX_SAFE_INTEGER - 64 * this.#head.words))
      throw new MalformedBytes("a sequence is too large");
    this.#bases.push({ base: Number(base), at });
  }

  /** The deleted sequences. Throws MalformedBytes when nodes overlap or the count is wrong. */
  build(): SequenceRanges {
    const ranges = new SequenceRanges();
    const view = new DataView(this.#bytes.buffer);
    this.#bases.sort((a, b) => a.base - b.base);
    let next = 0;
    for (const { base, at } of this.#bases) {
      if (base < next) throw new MalformedBytes("a map of deletes holds a sequence twice");
      next = base + 64 * this.#head.words;
      for (let half = 0; half < 2 * this.#head.words; half++) {
        appendBits(ranges, base + 32 * half, view.getUint32(at + 8 + 4 * half, true));
      }
    }
    if (ranges.count !== this.#head.size) throw new MalformedBytes("a map of deletes counts wrongly");
    return ranges;
  }
}

function appendBits(ranges: SequenceRanges, base: number, bits: number): void {
  if (bits === 0xffffffff) {
    ranges.appendRun(base, base + 31);
    return;
  }
  for (let rest = bits; rest !== 0; ) {
    const first = 31 - Math.clz32(rest & -rest);
    // Ones from `first` on: the lowest zero above it ends the run. There is one, or the run ends at bit 31.
    const holes = ~(rest >>> first);
    const length = Math.min(31 - Math.clz32(holes & -holes), 32 - first);
    ranges.appendRun(base + first, base + first + length - 1);
    rest = first + length >= 32 ? 0 : (rest >>> (first + length)) << (first + length);
  }
}
