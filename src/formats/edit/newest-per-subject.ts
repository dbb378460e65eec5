import type { EntryBatch } from "../archive/archive-sink.ts";
import { headerFields, isKeyMarker } from "../header-block.ts";
import { SubjectTable } from "../subjects/subject-table.ts";
import type { DropReason } from "./message-filter.ts";
import { moveRow } from "./move-row.ts";

export interface NewestOptions {
  /** How many of each subject are kept, 1 or more. */
  readonly count: number;
  /** Drop keys whose newest message says that they are gone; with `count` 1. */
  readonly dropRemovedKeys?: boolean;
}

/**
 * Keeps the newest messages of each subject. In a first pass over what the other filters keep, it counts ({@link count}); in
 * the second, over the same messages, it drops those that have enough newer ones. Memory: each subject's bytes and about
 * 40 more.
 */
export class NewestPerSubject {
  readonly #options: NewestOptions;
  readonly #subjects = new SubjectTable();
  /** How many messages each subject has. */
  #total = new Float64Array(1024);
  /** How many of them the second pass has met. */
  #passed = new Float64Array(1024);
  /** 1 where the newest message says that the key is gone. */
  #gone = new Uint8Array(1024);
  #dropped = 0;

  constructor(options: NewestOptions) {
    if (!(Number.isSafeInteger(options.count) && options.count >= 1))
      throw new RangeError("at least one is to be kept");
    this.#options = options;
  }

  /** What the second pass dropped. */
  get dropped(): Partial<Record<DropReason, number>> {
    return this.#dropped === 0
      ? {}
      : { [this.#options.dropRemovedKeys ? "key-removed" : "per-subject"]: this.#dropped };
  }

  /** The first pass. */
  count({ kernels, rows, count }: EntryBatch): void {
    const { offset, nameLength, headerLength } = rows;
    const { bytes } = kernels;
    for (let row = 0; row < count; row++) {
      const at = offset[row] as number;
      const length = nameLength[row] as number;
      const number = this.#subjects.number(bytes, at, length);
      if (number >= this.#total.length) this.#grow();
      this.#total[number] = (this.#total[number] as number) + 1;
      if (!this.#options.dropRemovedKeys) continue;
      const headers = bytes.subarray(at + length, at + length + (headerLength[row] as number));
      this.#gone[number] = headers.length > 0 && isKeyMarker(headerFields(headers)) ? 1 : 0;
    }
  }

  /** The second pass: moves the rows that are kept to the front; returns how many they are. */
  keep({ kernels, rows, count }: EntryBatch): number {
    const { offset, nameLength } = rows;
    const { bytes } = kernels;
    let kept = 0;
    for (let row = 0; row < count; row++) {
      const number = this.#subjects.number(bytes, offset[row] as number, nameLength[row] as number);
      const passed = (this.#passed[number] as number) + 1;
      this.#passed[number] = passed;
      if (this.#gone[number] === 1 || passed + this.#options.count <= (this.#total[number] as number)) continue;
      moveRow(rows, row, kept++);
    }
    this.#dropped += count - kept;
    return kept;
  }

  #grow(): void {
    const size = this.#total.length * 2;
    const [total, passed, gone] = [new Float64Array(size), new Float64Array(size), new Uint8Array(size)];
    total.set(this.#total);
    gone.set(this.#gone);
    [this.#total, this.#passed, this.#gone] = [total, passed, gone];
  }
}
