import type { Kernels } from "../kernels/kernels.ts";

/** A block ends when it reaches this size: that of the server's own blocks. */
const blockBytes = 8 * 1024 * 1024;

/**
 * Memory for several blocks, used in turns: pieces of uncompressed blocks stay as they are until it is their memory's turn
 * again, and need not be copied before.
 */
export interface BlockTurns {
  readonly count: number;
  /** Called when a block is complete: from then on only the newest `count - 1` stay as they are. */
  readonly next: () => void;
}

interface Place {
  readonly at: number;
  readonly capacity: number;
}

/** The memory that blocks are built in, one after another. */
export class BlockMemory {
  readonly #kernels: Kernels;
  readonly #turns: BlockTurns;
  readonly #places: Place[] = [];
  #turn = 0;

  constructor(kernels: Kernels, turns: BlockTurns = { count: 1, next: () => {} }) {
    this.#kernels = kernels;
    this.#turns = turns;
    this.#places.push(this.#allocate(blockBytes));
  }

  /** Address of the block's first byte. */
  get start(): number {
    return this.#place.at;
  }

  /** Address behind the last byte that a block may have. */
  get end(): number {
    return this.#place.at + this.#place.capacity;
  }

  /** Goes on to the next block, in memory that is free by then. */
  advance(): void {
    this.#turn = (this.#turn + 1) % this.#turns.count;
    this.#turns.next();
    if (this.#turn === this.#places.length) this.#places.push(this.#allocate(blockBytes));
  }

  /** Makes room for a block of `used` bytes so far and `bytes` more: one may hold a message that is larger than blocks are. */
  enlarge(used: number, bytes: number): void {
    const { at, capacity } = this.#place;
    const larger = this.#allocate(Math.max(capacity * 2, used + bytes + 64 * 1024));
    this.#kernels.bytes.copyWithin(larger.at, at, at + used);
    this.#places[this.#turn] = larger;
  }

  get #place(): Place {
    return this.#places[this.#turn] as Place;
  }

  #allocate(capacity: number): Place {
    return { at: this.#kernels.allocate(capacity + 64), capacity };
  }
}
