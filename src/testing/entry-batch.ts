import type { EntryBatch } from "../formats/archive/archive-sink.ts";
import { EntryRows, Kernels } from "../formats/kernels/kernels.ts";
import { entryV2, type TestEntryV2 } from "./natsarc-writer.ts";
import type { ReadMessage } from "./read-messages.ts";
import { join } from "./test-archive.ts";

/** Messages in kernel memory, as a reader hands them over; numbered from 1 where they have no sequence. */
export function entryBatch(messages: readonly TestEntryV2[], kernels = Kernels.create()): EntryBatch {
  const bytes = join(messages.map((message, index) => entryV2({ sequence: index + 1, ...message })));
  const start = kernels.allocate(bytes.length);
  kernels.bytes.set(bytes, start);
  const rows = new EntryRows(kernels);
  const { count } = kernels.scanEntries(start, start + bytes.length, rows);
  if (count !== messages.length) throw new Error(`${count} of ${messages.length} messages fit into a batch`);
  return { kernels, rows, count, start, offset: 0 };
}

/** The messages of a batch; bytes as latin 1, so that nothing is lost. */
export function readBatch({ kernels, rows, count }: EntryBatch): ReadMessage[] {
  return Array.from({ length: count }, (_, row) => {
    const at = rows.offset[row] as number;
    const border = at + (rows.nameLength[row] as number);
    const payload = border + (rows.headerLength[row] as number);
    const text = (from: number, to: number): string => Buffer.from(kernels.bytes.slice(from, to)).toString("latin1");
    return {
      sequence: rows.sequence[row] as number,
      time: rows.timestamp[row] as bigint,
      subject: text(at, border),
      headers: text(border, payload),
      payload: text(payload, payload + (rows.payloadLength[row] as number)),
    };
  });
}

/** A header block of fields. */
export function headersOf(fields: Readonly<Record<string, string>>): string {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `NATS/1.0\r\n${lines.join("")}\r\n`;
}
