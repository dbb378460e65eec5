import type { EntryBatch } from "../archive/archive-sink.ts";
import { StagedBatch } from "../archive/staged-batch.ts";
import { type Kernels, RowFlag } from "../kernels/kernels.ts";

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
  readonly #staged: StagedBatch;

  constructor(kernels: Kernels, write: (batch: EntryBatch) => void) {
    this.#kernels = kernels;
    this.#staged = new StagedBatch(kernels, stagingBytes, write);
  }

  /** Hands on the messages of a batch, each as `change` says for its row. */
  messages(batch: EntryBatch, change: (row: number) => MessageChange): void {
    for (let row = 0; row < batch.count; row++) this.#add(batch, row, change(row));
    this.#staged.flush();
  }

  #add({ rows }: EntryBatch, row: number, { subject, headers, fill }: MessageChange): void {
    const oldName = rows.nameLength[row] as number;
    const oldHeaders = rows.headerLength[row] as number;
    const payloadLength = rows.payloadLength[row] as number;
    const nameLength = subject?.length ?? oldName;
    const headerLength = headers?.length ?? oldHeaders;
    const to = this.#staged.place(nameLength + headerLength + payloadLength);
    const { bytes } = this.#kernels;
    const from = rows.offset[row] as number;
    const border = from + oldName;
    if (subject) bytes.set(subject, to);
    else bytes.copyWithin(to, from, border);
    if (headers) bytes.set(headers, to + nameLength);
    else bytes.copyWithin(to + nameLength, border, border + oldHeaders);
    const payload = to + nameLength + headerLength;
    if (fill === undefined) bytes.copyWithin(payload, border + oldHeaders, border + oldHeaders + payloadLength);
    else bytes.fill(fill, payload, payload + payloadLength);
    const sequence = rows.sequence[row] as number;
    const time = rows.timestamp[row] as bigint;
    const flags = headerLength > 0 ? (rows.flags[row] as number) | RowFlag.headers : 0;
    this.#staged.add({ sequence, time, flags, nameLength, headerLength, payloadLength });
  }
}
