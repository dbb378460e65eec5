import type { EntryBatch } from "../archive/archive-sink.ts";
import { EntryRows, type Kernels, RowFlag } from "../kernels/kernels.ts";

/** What a message is to become; what is undefined stays. */
export interface MessageChange {
  readonly subject?: Uint8Array;
  readonly headers?: Uint8Array;
  /** Fill the payload with this byte. */
  readonly fill?: number;
}

/** Message bytes that are gathered before they are handed on. */
const stagingBytes = 1024 * 1024;

/** Writes messages anew, changed, into memory of its own, and hands them on in batches. */
export class MessageRewriter {
  readonly #kernels: Kernels;
  readonly #rows: EntryRows;
  readonly #write: (batch: EntryBatch) => void;
  #staging: number;
  #capacity = stagingBytes;
  #used = 0;
  #count = 0;

  constructor(kernels: Kernels, write: (batch: EntryBatch) => void) {
    this.#kernels = kernels;
    this.#rows = new EntryRows(kernels);
    this.#staging = kernels.allocate(stagingBytes);
    this.#write = write;
  }

  /** Hands on the messages of a batch, each as `change` says for its row. */
  messages(batch: EntryBatch, change: (row: number) => MessageChange): void {
    for (let row = 0; row < batch.count; row++) this.#add(batch, row, change(row));
    this.#flush();
  }

  #add({ rows }: EntryBatch, row: number, { subject, headers, fill }: MessageChange): void {
    const nameLength = rows.nameLength[row] as number;
    const headerLength = rows.headerLength[row] as number;
    const payloadLength = rows.payloadLength[row] as number;
    const newName = subject?.length ?? nameLength;
    const newHeaders = headers?.length ?? headerLength;
    this.#makeRoomFor(newName + newHeaders + payloadLength);
    const { bytes } = this.#kernels;
    const from = rows.offset[row] as number;
    const to = this.#staging + this.#used;
    const border = from + nameLength;
    if (subject) bytes.set(subject, to);
    else bytes.copyWithin(to, from, border);
    if (headers) bytes.set(headers, to + newName);
    else bytes.copyWithin(to + newName, border, border + headerLength);
    const payload = to + newName + newHeaders;
    if (fill === undefined) bytes.copyWithin(payload, border + headerLength, border + headerLength + payloadLength);
    else bytes.fill(fill, payload, payload + payloadLength);
    const own = this.#rows;
    own.sequence[this.#count] = rows.sequence[row] as number;
    own.timestamp[this.#count] = rows.timestamp[row] as bigint;
    own.flags[this.#count] = newHeaders > 0 ? (rows.flags[row] as number) | RowFlag.headers : 0;
    own.offset[this.#count] = to;
    own.nameLength[this.#count] = newName;
    own.headerLength[this.#count] = newHeaders;
    own.payloadLength[this.#count] = payloadLength;
    this.#used += newName + newHeaders + payloadLength;
    this.#count++;
  }

  #makeRoomFor(bytes: number): void {
    if (this.#count < this.#rows.capacity && this.#used + bytes <= this.#capacity) return;
    this.#flush();
    if (bytes <= this.#capacity) return;
    // One message may be larger than all that is gathered otherwise. Doubled, as memory that is left behind is lost.
    const capacity = Math.max(bytes, this.#capacity * 2);
    this.#staging = this.#kernels.enlarge(this.#staging, this.#capacity, capacity);
    this.#capacity = capacity;
  }

  #flush(): void {
    const count = this.#count;
    const start = this.#staging;
    this.#count = 0;
    this.#used = 0;
    if (count > 0) this.#write({ kernels: this.#kernels, rows: this.#rows, count, start, offset: 0 });
  }
}
