import type { EditTarget } from "../formats/edit/archive-edit.ts";
import type { Obfuscator } from "../formats/edit/obfuscator.ts";
import { type EditRan, type EditSpec, runEdit } from "../formats/edit/run-edit.ts";
import { Kernels } from "../formats/kernels/kernels.ts";

export interface EditBytes {
  readonly spec?: EditSpec;
  readonly target: EditTarget;
  readonly obfuscate?: Obfuscator;
  /** How the source is cut. */
  readonly pieceBytes?: number;
}

/** Edits an archive that lies in memory. */
export function editArchiveBytes(
  archive: Uint8Array,
  { spec = {}, target, obfuscate, pieceBytes = 4096 }: EditBytes,
): EditRan & { readonly archive: Uint8Array } {
  const pieces: Uint8Array[] = [];
  const ran = runEdit({
    read: (take) => {
      for (let at = 0; at < archive.length; at += pieceBytes) {
        if (take(archive.subarray(at, at + pieceBytes)) === false) return;
      }
    },
    spec,
    obfuscate,
    target,
    output: { write: (piece) => pieces.push(piece.slice()) },
    kernels: () => Kernels.create(),
  });
  const result = Buffer.concat(pieces);
  if (ran.head) result.set(ran.head, 0);
  return { ...ran, archive: result };
}
