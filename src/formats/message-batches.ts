import type { EntryBatch } from "./archive/archive-sink.ts";
import { EntryRows, type Kernels, RowFlag, slackBytes } from "./kernels/kernels.ts";
import { messageTtl } from "./message-ttl.ts";

/** One message of a stream. */
export interface Message {
  readonly sequence: number;
  /** When it was stored, nanoseconds since 1970. */
  readonly time: bigint;
  readonly subject: string;
  /** The header block as it is stored, `NATS/1.0\r\n...\r\n\r\n`; no bytes where there are none. */
  readonly headers: Uint8Array;
  readonly payload: Uint8Array;
}

const utf8 = new TextDecoder();
const encoder = new TextEncoder();

/** Copies the messages of a batch out of the kernels' memory. */
export function* messagesOf({ kernels, rows, count }: EntryBatch): Generator<Message> {
  for (let row = 0; row < count; row++) {
    const { bytes } = kernels;
    const at = rows.offset[row] as number;
    const border = at + (rows.nameLength[row] as number);
    const payload = border + (rows.headerLength[row] as number);
    yield {
      sequence: rows.sequence[row] as number,
      time: rows.timestamp[row] as bigint,
      subject: utf8.decode(bytes.subarray(at, border)),
      headers: bytes.slice(border, payload),
      payload: bytes.slice(payload, payload + (rows.payloadLength[row] as number)),
    };
  }
}

/** Message bytes that are gathered before they are handed on. */
const stagingBytes = 512 * 1024;

/** Gathers messages in the kernels' memory, and hands them on in batches. */
export class MessageBatches {
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
    this.#staging = kernels.allocate(stagingBytes + slackBytes);
    this.#write = write;
  }

  add({ sequence, time, subject, headers, payload }: Message): void {
    const name = encoder.encode(subject);
    const size = name.length + headers.length + payload.length;
    if (this.#count === this.#rows.capacity || this.#used + size > this.#capacity) this.flush();
    if (size > this.#capacity) {
      // One message may be larger than all that is gathered otherwise.
      this.#staging = this.#kernels.allocate(size + slackBytes);
      this.#capacity = size;
    }
    const at = this.#staging + this.#used;
    const { bytes } = this.#kernels;
    bytes.set(name, at);
    bytes.set(headers, at + name.length);
    bytes.set(payload, at + name.length + headers.length);
    const rows = this.#rows;
    const ttl = headers.length > 0 && messageTtl(headers) !== undefined ? RowFlag.ttl : 0;
    rows.sequence[this.#count] = sequence;
    rows.timestamp[this.#count] = time;
    rows.flags[this.#count] = (headers.length > 0 ? RowFlag.headers : 0) | ttl;
    rows.offset[this.#count] = at;
    rows.nameLength[this.#count] = name.length;
    rows.headerLength[this.#count] = headers.length;
    rows.payloadLength[this.#count] = payload.length;
    this.#used += size;
    this.#count++;
  }

  flush(): void {
    const count = this.#count;
    this.#count = 0;
    this.#used = 0;
    if (count > 0) this.#write({ kernels: this.#kernels, rows: this.#rows, count, start: this.#staging, offset: 0 });
  }
}
