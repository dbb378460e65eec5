import type { ErrorCode } from "../../errors.ts";
import type { ArchiveReport } from "../../formats/archive/archive-inspector.ts";
import { SequenceRanges } from "../../formats/sequence-ranges.ts";

/** Shared between the thread that writes an archive and the worker that checks it. */
export interface CheckShared {
  /** i64: bytes written so far, bytes decoded, messages seen, bytes read back. */
  readonly counters: SharedArrayBuffer;
  /** i32: a tick that is notified whenever the counters or the state change, and the state. */
  readonly flags: SharedArrayBuffer;
}

export const Flag = { ticks: 0, state: 1, running: 0, ended: 1, cancelled: 2 } as const;

export type CheckAnswer =
  | { readonly kind: "report"; readonly report: PackedReport; readonly sha256: string; readonly bytes: number }
  | { readonly kind: "cancelled" }
  | {
      readonly kind: "error";
      readonly code: ErrorCode;
      readonly message: string;
      readonly hint?: string;
      readonly context?: Readonly<Record<string, unknown>>;
    };

/** A report as it travels between threads: the set of sequences as plain bytes. */
export type PackedReport = Omit<ArchiveReport, "live"> & {
  readonly live: Omit<ArchiveReport["live"], "ranges"> & { readonly ranges: Uint8Array };
};

export function packReport(report: ArchiveReport): PackedReport {
  return { ...report, live: { ...report.live, ranges: report.live.ranges.toBytes() } };
}

export function unpackReport(packed: PackedReport): ArchiveReport {
  return { ...packed, live: { ...packed.live, ranges: SequenceRanges.fromBytes(packed.live.ranges) } };
}
