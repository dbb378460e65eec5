import type { EntryBatch } from "./archive/archive-sink.ts";
import { StagedBatch } from "./archive/staged-batch.ts";
import { type Kernels, RowFlag } from "./kernels/kernels.ts";
import { messageTtl } from "./message-ttl.ts";
import { subjectBytes, subjectText } from "./subjects/subject-text.ts";

/** One message of a stream. */
export interface Message {
  readonly sequence: number;
  /** When it was stored, nanoseconds since 1970. */
  readonly time: bigint;
  /** Bytes that are no UTF-8, which servers take as well, are the code points U+DC80 to U+DCFF. */
  readonly subject: string;
  /** The header block as it is stored, `NATS/1.0\r\n...\r\n\r\n`; no bytes where there are none. */
  readonly headers: Uint8Array;
  readonly payload: Uint8Array;
}

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
      subject: subjectText(bytes.subarray(at, border)),
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
  readonly #staged: StagedBatch;

  constructor(kernels: Kernels, write: (batch: EntryBatch) => void) {
    this.#kernels = kernels;
    this.#staged = new StagedBatch(kernels, stagingBytes, write);
  }

  add({ sequence, time, subject, headers, payload }: Message): void {
    const name = subjectBytes(subject);
    const [nameLength, headerLength, payloadLength] = [name.length, headers.length, payload.length];
    const at = this.#staged.place(nameLength + headerLength + payloadLength);
    const { bytes } = this.#kernels;
    bytes.set(name, at);
    bytes.set(headers, at + nameLength);
    bytes.set(payload, at + nameLength + headerLength);
    const ttl = headerLength > 0 && messageTtl(headers) !== undefined ? RowFlag.ttl : 0;
    const flags = (headerLength > 0 ? RowFlag.headers : 0) | ttl;
    this.#staged.add({ sequence, time, flags, nameLength, headerLength, payloadLength });
  }

  flush(): void {
    this.#staged.flush();
  }
}
