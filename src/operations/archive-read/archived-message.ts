import type { EntryBatch } from "../../formats/archive/archive-sink.ts";
import { type HeaderField, headerFields } from "../../formats/edit/header-block.ts";

/** One message, copied out of a batch. */
export interface ArchivedMessage {
  readonly sequence: number;
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  readonly subject: string;
  readonly headers: readonly HeaderField[];
  readonly payload: Uint8Array;
}

const utf8 = new TextDecoder();

/** Copies the messages of a batch. */
export function* archivedMessages({ kernels, rows, count }: EntryBatch): Generator<ArchivedMessage> {
  for (let row = 0; row < count; row++) {
    const { bytes } = kernels;
    const at = rows.offset[row] as number;
    const border = at + (rows.nameLength[row] as number);
    const payload = border + (rows.headerLength[row] as number);
    yield {
      sequence: rows.sequence[row] as number,
      time: rows.timestamp[row] as bigint,
      subject: utf8.decode(bytes.subarray(at, border)),
      headers: headerFields(bytes.subarray(border, payload)),
      payload: bytes.slice(payload, payload + (rows.payloadLength[row] as number)),
    };
  }
}
