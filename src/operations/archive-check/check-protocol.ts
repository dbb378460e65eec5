import type { ErrorCode } from "../../errors.ts";
import type { ArchiveReport } from "../../formats/archive/archive-inspector.ts";
import type { GoneSequences } from "../../formats/archive/gone-sequences.ts";
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

/** A report as it travels between threads: sets of sequences as plain bytes. */
export type PackedReport = Omit<ArchiveReport, "live" | "gone"> & {
  readonly live: Omit<ArchiveReport["live"], "ranges"> & { readonly ranges: Uint8Array };
  readonly gone?: Readonly<Record<keyof GoneSequences, Uint8Array>>;
};

export function packReport({ gone, ...report }: ArchiveReport): PackedReport {
  const live = { ...report.live, ranges: report.live.ranges.toBytes() };
  return { ...report, live, ...(gone ? { gone: eachReason((reason) => gone[reason].toBytes()) } : {}) };
}

export function unpackReport({ gone, ...packed }: PackedReport): ArchiveReport {
  const live = { ...packed.live, ranges: SequenceRanges.fromBytes(packed.live.ranges) };
  const unpacked = (reason: keyof GoneSequences): SequenceRanges =>
    SequenceRanges.fromBytes(gone?.[reason] as Uint8Array);
  return { ...packed, live, ...(gone ? { gone: eachReason(unpacked) } : {}) };
}

function eachReason<Set>(of: (reason: keyof GoneSequences) => Set): Record<keyof GoneSequences, Set> {
  return { lost: of("lost"), deleted: of("deleted"), erased: of("erased"), removed: of("removed") };
}
