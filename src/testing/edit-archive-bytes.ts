import { outlineArchive, type ReadAnywhere } from "../formats/archive/archive-outline.ts";
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
  /** Believe the index of a v1 archive first. */
  readonly foresee?: boolean;
  readonly lastAtStart?: number;
}

/** Reads an archive that lies in memory as {@link outlineArchive} wants it. */
export function readAnywhere(archive: Uint8Array, onRead?: (bytes: number) => void): ReadAnywhere {
  const read = (at: number, length: number): Uint8Array => {
    if (at < 0 || at + length > archive.length) throw new RangeError(`${length} bytes at ${at} of ${archive.length}`);
    onRead?.(length);
    return archive.slice(at, at + length);
  };
  return { size: archive.length, read };
}

/** Edits an archive that lies in memory. */
export function editArchiveBytes(
  archive: Uint8Array,
  { spec = {}, target, obfuscate, pieceBytes = 4096, foresee = false, lastAtStart }: EditBytes,
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
    atStart: { lastSequence: lastAtStart, messages: undefined },
    target,
    output: { write: (piece) => pieces.push(piece.slice()) },
    kernels: () => Kernels.create(),
    foresee: foresee ? () => outlineArchive(readAnywhere(archive), Kernels.create()) : undefined,
  });
  const result = Buffer.concat(pieces);
  if (ran.head) result.set(ran.head, 0);
  return { ...ran, archive: result };
}
