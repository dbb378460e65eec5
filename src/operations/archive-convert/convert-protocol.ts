import type { ErrorCode } from "../../errors.ts";

export interface ConvertWish {
  /** Of the archive, which was proven before. */
  readonly path: string;
  /** The format of that archive. One of v1 is written anew without its dead messages. */
  readonly from: "v1" | "v2";
  readonly config: { readonly name: string; readonly [key: string]: unknown };
  /** RFC 3339. */
  readonly created: string;
  readonly lastSequence: number;
  readonly compress: boolean;
}

export interface ConvertOrder extends ConvertWish {
  /** i32 by {@link Counter}. */
  readonly counters: SharedArrayBuffer;
}

export const Counter = { ahead: 0, cancelled: 1, sourceKiB: 2, size: 3 } as const;

export type ConvertMessage =
  | { readonly kind: "piece"; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: "end" }
  | { readonly kind: "error"; readonly code: ErrorCode; readonly message: string };

/** Converted bytes that may wait to be sent. */
export const maxAheadBytes = 3 * 1024 * 1024;
