import type { BlockTurns } from "../../formats/archive/block-memory.ts";
import type { Kernels } from "../../formats/kernels/kernels.ts";
import { type ConvertMessage, Counter, slotBytes } from "./convert-protocol.ts";

/** Blocks that are built while an earlier one is sent and another one waits for that. */
const blocks = 3;
/** Pieces that are told of together: a message for each would cost more than making it. */
const tellBytes = 4 * 1024 * 1024;

/** Thrown where nobody waits for the rest. */
export class Cancelled extends Error {}

interface Slot {
  readonly at: number;
  /** How many pieces had been handed over when its last one was. */
  until: number;
}

/**
 * Hands over pieces of the kernels' memory, which the other thread reads where they are and frees in the same order. Blocks
 * are not copied; what is only valid during a call goes into slots. Waits while all memory is in use.
 */
export class PieceWriter {
  readonly #kernels: Kernels;
  readonly #counters: Int32Array;
  readonly #maxSlots: number;
  readonly #tell: (message: ConvertMessage) => void;
  readonly #slots: Slot[] = [];
  /** What the current slot holds, and where the piece that is being gathered in it begins. */
  #filled = slotBytes;
  #begun = slotBytes;
  #memory: SharedArrayBuffer | undefined;
  #pieces: number[] = [];
  #untold = 0;
  #handed = 0;
  /** By turn, as {@link Slot.until}. */
  readonly #blocksUntil = new Array<number>(blocks).fill(0);
  #turn = 0;

  /** `maxSlots`: so many are in use at most. `kernels`: with shared memory. */
  constructor(kernels: Kernels, counters: Int32Array, maxSlots: number, tell: (message: ConvertMessage) => void) {
    this.#kernels = kernels;
    this.#counters = counters;
    this.#maxSlots = maxSlots;
    this.#tell = tell;
  }

  /** To be given to who builds blocks. */
  readonly turns: BlockTurns = {
    count: blocks,
    next: () => {
      this.#turn = (this.#turn + 1) % blocks;
      this.#waitFor(this.#blocksUntil[this.#turn] as number);
    },
  };

  /** `inBlock`: it stays as it is until its block's turn comes again. */
  readonly write = (bytes: Uint8Array, inBlock = false): void => {
    if (inBlock) {
      this.#endPiece();
      this.#add(bytes.byteOffset, bytes.length);
      this.#blocksUntil[this.#turn] = this.#handed;
      return;
    }
    for (let at = 0; at < bytes.length; ) {
      if (this.#filled === slotBytes) this.#nextSlot();
      const length = Math.min(slotBytes - this.#filled, bytes.length - at);
      const slot = this.#slots[0] as Slot;
      this.#kernels.bytes.set(bytes.subarray(at, at + length), slot.at + this.#filled);
      this.#filled += length;
      at += length;
      if (this.#filled === slotBytes) this.#endPiece();
    }
  };

  /** Hands over what was gathered so far. */
  flush(): void {
    this.#endPiece();
    if (this.#pieces.length > 0) this.#tell({ kind: "pieces", memory: this.#newMemory(), pieces: this.#pieces });
    this.#pieces = [];
    this.#untold = 0;
  }

  /** The memory, where it has grown since it was told of; telling costs a millisecond. */
  #newMemory(): SharedArrayBuffer | undefined {
    const memory = this.#kernels.bytes.buffer as unknown as SharedArrayBuffer;
    if (memory === this.#memory) return undefined;
    this.#memory = memory;
    return memory;
  }

  #endPiece(): void {
    if (this.#filled === this.#begun) return;
    const slot = this.#slots[0] as Slot;
    const at = slot.at + this.#begun;
    const length = this.#filled - this.#begun;
    this.#begun = this.#filled;
    this.#add(at, length);
    slot.until = this.#handed;
  }

  #add(at: number, length: number): void {
    this.#pieces.push(at, length);
    this.#handed++;
    this.#untold += length;
    if (this.#untold >= tellBytes) this.flush();
  }

  /** The one that was used longest ago where it is free, else a new one, else that one when it is free. */
  #nextSlot(): void {
    const oldest = this.#slots.at(-1);
    const isFree = oldest && Atomics.load(this.#counters, Counter.freed) >= oldest.until;
    if (!isFree && this.#slots.length < this.#maxSlots) {
      this.#slots.unshift({ at: this.#kernels.allocate(slotBytes), until: 0 });
    } else if (oldest) {
      this.#waitFor(oldest.until);
      this.#slots.pop();
      this.#slots.unshift(oldest);
    }
    this.#filled = 0;
    this.#begun = 0;
  }

  #waitFor(pieces: number): void {
    for (;;) {
      if (Atomics.load(this.#counters, Counter.cancelled) === 1) throw new Cancelled();
      const freed = Atomics.load(this.#counters, Counter.freed);
      if (freed >= pieces) return;
      this.flush();
      Atomics.wait(this.#counters, Counter.freed, freed, 500);
    }
  }
}
