import type { EntryRows } from "../kernels/kernels.ts";

/** Copies one row over another: what is dropped between them is gone. */
export function moveRow(rows: EntryRows, from: number, to: number): void {
  if (from === to) return;
  rows.sequence[to] = rows.sequence[from] as number;
  rows.timestamp[to] = rows.timestamp[from] as bigint;
  rows.flags[to] = rows.flags[from] as number;
  rows.offset[to] = rows.offset[from] as number;
  rows.nameLength[to] = rows.nameLength[from] as number;
  rows.headerLength[to] = rows.headerLength[from] as number;
  rows.payloadLength[to] = rows.payloadLength[from] as number;
}
