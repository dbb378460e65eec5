import type { ErrorCode } from "../../errors.ts";
import type { EditSpec } from "../../formats/edit/run-edit.ts";

export interface ConvertWish {
  /** Of the archive, which was proven before. */
  readonly path: string;
  /** What is to be made of it; nothing leaves all its live messages and its consumers. */
  readonly spec: EditSpec;
  readonly config: { readonly name: string; readonly [key: string]: unknown };
  /** RFC 3339. */
  readonly created: string;
  readonly lastSequence: number;
  readonly compress: boolean;
  /** For a target of version 2.9. */
  readonly emptyAsIn29?: boolean;
}

export interface ConvertOrder extends ConvertWish {
  /** i32 by {@link Counter}. */
  readonly counters: SharedArrayBuffer;
  /** Slots of {@link slotBytes}, which the worker fills in turns and the other side frees in the same order. */
  readonly slots: SharedArrayBuffer;
}

/** `freed`: slots that were freed so far. `cancelled`: 1 where nobody waits for the rest. `sourceKiB`: read so far. */
export const Counter = { freed: 0, cancelled: 1, sourceKiB: 2, size: 3 } as const;

export const slotBytes = 512 * 1024;

export type ConvertMessage =
  /** The next slot in turn holds so many bytes. */
  | { readonly kind: "piece"; readonly bytes: number }
  | { readonly kind: "end" }
  | { readonly kind: "error"; readonly code: ErrorCode; readonly message: string };
