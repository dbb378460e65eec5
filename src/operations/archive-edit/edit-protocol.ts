import type { ErrorCode } from "../../errors.ts";
import type { StateAtStart } from "../../formats/archive/losses-at-start.ts";
import type { EditReport } from "../../formats/edit/archive-edit.ts";
import type { KeyFile } from "../../formats/edit/obfuscator.ts";
import type { EditSpec } from "../../formats/edit/run-edit.ts";
import type { KnownMessages } from "../../formats/edit/with-limits.ts";
import type { SharedPipe } from "../workers/shared-pipe.ts";

/** What the worker is to do. */
export interface EditOrder {
  readonly path: string;
  readonly from: "v1" | "v2";
  /** The file to write, which must not exist; absent: nothing is written. */
  readonly out?: string;
  readonly spec: EditSpec;
  readonly format: "v1" | "v2";
  readonly config: { readonly name: string; readonly [key: string]: unknown };
  /** RFC 3339; absent: as the archive says, else the beginning of its first message. */
  readonly created?: string;
  readonly lastSequence: number;
  /** The stream when its snapshot began, as far as that is known. */
  readonly atStart?: StateAtStart | undefined;
  readonly known?: KnownMessages | undefined;
  /** What is missing was told of. */
  readonly salvaged: boolean;
  /** Take the index of a v1 archive at its word first: the answer is `again` where it was wrong, and what was written is of no use. */
  readonly foresee: boolean;
  /** For a server of version 2.9. */
  readonly emptyAsIn29: boolean;
  /** 32 bytes, and what is known of them already. */
  readonly keys?: KeyFile;
  /** i32 by {@link EditCounter}. */
  readonly counters: SharedArrayBuffer;
  /** Takes the blocks of the new file, once somebody reads there. */
  readonly pipe: SharedPipe;
}

/**
 * KiB read so far, in all passes; 1 when it is to stop; KiB in the new file; 1 when what is in the file is what it will begin
 * with, as far as is known; KiB that were made for the file, before compression.
 */
export const EditCounter = { readKiB: 0, cancelled: 1, writtenKiB: 2, readable: 3, madeKiB: 4, size: 5 } as const;

/** Tells how many bytes the new file holds: in KiB, so that an i32 holds it. */
export function storeWritten(counters: Int32Array, bytes: number): void {
  Atomics.store(counters, EditCounter.writtenKiB, Math.floor(bytes / 1024));
}

export type EditAnswer =
  | {
      readonly kind: "done";
      readonly report: EditReport;
      /** As it was ordered, or as the source says; undefined where neither does. */
      readonly created: string | undefined;
      /** The key file as it is to be. */
      readonly keyFile?: Uint8Array;
      /** How often something was replaced that the keys have no room for. */
      readonly unnoted: number;
      /** The beginning of the file is not what was there when it was said to be readable. */
      readonly headReplaced: boolean;
    }
  | { readonly kind: "again" }
  | {
      readonly kind: "error";
      readonly code: ErrorCode;
      readonly message: string;
      readonly context?: Readonly<Record<string, unknown>>;
    };
