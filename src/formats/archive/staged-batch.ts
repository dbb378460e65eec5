import { EntryRows, type Kernels } from "../kernels/kernels.ts";
import type { EntryBatch } from "./archive-sink.ts";

/** What is known of a message beside its bytes. */
export interface StagedMessage {
  readonly sequence: number;
  readonly time: bigint;
  /** Bits of {@link RowFlag}. */
  readonly flags: number;
  readonly nameLength: number;
  readonly headerLength: number;
  readonly payloadLength: number;
}

/** Gathers messages in memory of its own among the kernels', and hands them on in batches. */
export class StagedBatch {
  readonly #kernels: Kernels;
  readonly #rows: EntryRows;
  readonly #write: (batch: EntryBatch) => void;
  #staging: number;
  #capacity: number;
  #used = 0;
  #count = 0;

  /** `capacity`: bytes that are gathered before they are handed on. */
  constructor(kernels: Kernels, capacity: number, write: (batch: EntryBatch) => void) {
    this.#kernels = kernels;
    this.#rows = new EntryRows(kernels);
    this.#capacity = capacity;
    this.#staging = kernels.allocate(capacity);
    this.#write = write;
  }

  /** Where the next message's `bytes` bytes are to be put: name, headers, payload. Hands on what was gathered, where that is full. */
  place(bytes: number): number {
    if (this.#count === this.#rows.capacity || this.#used + bytes > this.#capacity) this.flush();
    if (bytes > this.#capacity) {
      // One message may be larger than all that is gathered otherwise. Doubled, as memory that is left behind is lost.
      const capacity = Math.max(bytes, this.#capacity * 2);
      this.#staging = this.#kernels.enlarge(this.#staging, this.#capacity, capacity);
      this.#capacity = capacity;
    }
    return this.#staging + this.#used;
  }

  /** The message whose bytes were put into the last {@link place}. */
  add({ sequence, time, flags, nameLength, headerLength, payloadLength }: StagedMessage): void {
    const rows = this.#rows;
    rows.sequence[this.#count] = sequence;
    rows.timestamp[this.#count] = time;
    rows.flags[this.#count] = flags;
    rows.offset[this.#count] = this.#staging + this.#used;
    rows.nameLength[this.#count] = nameLength;
    rows.headerLength[this.#count] = headerLength;
    rows.payloadLength[this.#count] = payloadLength;
    this.#used += nameLength + headerLength + payloadLength;
    this.#count++;
  }

  flush(): void {
    const count = this.#count;
    const start = this.#staging;
    this.#count = 0;
    this.#used = 0;
    if (count > 0) this.#write({ kernels: this.#kernels, rows: this.#rows, count, start, offset: 0 });
  }
}
