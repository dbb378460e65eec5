import type { ErrorCode } from "../../errors.ts";
import type { EditReport } from "../../formats/edit/archive-edit.ts";
import type { KeyFile } from "../../formats/edit/obfuscator.ts";
import type { EditSpec } from "../../formats/edit/run-edit.ts";

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
  /** For a server of version 2.9. */
  readonly emptyAsIn29: boolean;
  /** 32 bytes, and what is known of them already. */
  readonly keys?: KeyFile;
  /** i32 by {@link EditCounter}. */
  readonly counters: SharedArrayBuffer;
}

/** KiB read so far, in all passes; 1 when it is to stop; KiB written so far; 1 when the file exists. */
export const EditCounter = { readKiB: 0, cancelled: 1, writtenKiB: 2, created: 3, size: 4 } as const;

export type EditAnswer =
  | { readonly kind: "done"; readonly report: EditReport; readonly created: string; readonly keys?: KeyFile }
  | {
      readonly kind: "error";
      readonly code: ErrorCode;
      readonly message: string;
      readonly context?: Readonly<Record<string, unknown>>;
    };
