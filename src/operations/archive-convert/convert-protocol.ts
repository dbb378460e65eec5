import type { ErrorCode } from "../../errors.ts";
import type { EditSpec } from "../../formats/edit/run-edit.ts";
import type { KnownMessages } from "../../formats/edit/with-limits.ts";

export interface ConvertWish {
  /** Of the archive, which was proven before. */
  readonly path: string;
  /** It may lack what it should hold: it was salvaged, and somebody was told. */
  readonly incomplete?: boolean;
  /** v1: for an archive without an index. */
  readonly known?: KnownMessages | undefined;
  /** What is to be made of it; nothing leaves all its live messages and its consumers. */
  readonly spec: EditSpec;
  readonly config: { readonly name: string; readonly [key: string]: unknown };
  /** RFC 3339. */
  readonly created: string;
  readonly lastSequence: number;
  readonly compress: boolean;
  /** For a target of version 2.9. */
  readonly emptyAsIn29?: boolean;
  /** For a target of version 2.10 or newer. */
  readonly index?: boolean;
  /** For a target of version 2.15 or newer: origins that were restored beside it, with the last sequence of each. */
  readonly restoredOrigins?: Readonly<Record<string, number>> | undefined;
}

export interface ConvertOrder extends ConvertWish {
  /** i32 by {@link Counter}. */
  readonly counters: SharedArrayBuffer;
  /** Slots of {@link slotBytes} that may be in use at once. */
  readonly slots: number;
}

/** `freed`: pieces that were freed so far. `cancelled`: 1 where nobody waits for the rest. `sourceKiB`: read so far. */
export const Counter = { freed: 0, cancelled: 1, sourceKiB: 2, size: 3 } as const;

export const slotBytes = 512 * 1024;

export type ConvertMessage =
  /** Address and length of each of the next pieces, which are freed in this order; the memory where that is not the last one. */
  | { readonly kind: "pieces"; readonly memory: SharedArrayBuffer | undefined; readonly pieces: readonly number[] }
  | { readonly kind: "end" }
  | { readonly kind: "error"; readonly code: ErrorCode; readonly message: string };
