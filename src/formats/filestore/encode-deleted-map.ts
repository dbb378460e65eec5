import type { ByteWriter } from "../byte-writer.ts";

const words = 32;
/** Sequences that one node covers. */
const span = 64 * words;

interface Node {
  readonly base: number;
  readonly bits: Uint32Array;
}

/**
 * Encodes the deleted sequences of a block (runs, ascending, `size` sequences in all) as the tree of bitmaps that servers keep
 * them in. A reader inserts the nodes in the order in which they come and does not balance them, so parents come first.
 * Source: nats-server server/avl/seqset.go (`Encode`, `decodev2`).
 */
export function encodeDeletedMap(writer: ByteWriter, runs: readonly (readonly [number, number])[], size: number): void {
  const nodes = bitmaps(runs);
  writer.u8(22).u8(2).u32(nodes.length).u32(size);
  const height = (from: number, to: number): number => (from >= to ? 0 : Math.ceil(Math.log2(to - from + 1)));
  const write = (from: number, to: number): void => {
    if (from >= to) return;
    const middle = (from + to) >>> 1;
    const { base, bits } = nodes[middle] as Node;
    writer.u64(BigInt(base));
    for (const half of bits) writer.u32(half);
    writer.u16(height(from, to));
    write(from, middle);
    write(middle + 1, to);
  };
  write(0, nodes.length);
}

function bitmaps(runs: readonly (readonly [number, number])[]): Node[] {
  const nodes: Node[] = [];
  for (const [first, last] of runs) {
    for (let sequence = first; sequence <= last; sequence++) {
      const base = Math.floor(sequence / span) * span;
      let node = nodes.at(-1);
      if (node?.base !== base) {
        node = { base, bits: new Uint32Array(2 * words) };
        nodes.push(node);
      }
      const bit = sequence - base;
      node.bits[bit >>> 5] = (node.bits[bit >>> 5] as number) | (1 << (bit & 31));
    }
  }
  return nodes;
}
