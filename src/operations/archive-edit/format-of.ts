import { closeSync, openSync, readSync } from "node:fs";
import { archiveFormat, type ReadArchive } from "../../formats/edit/run-edit.ts";
import { Kernels } from "../../formats/kernels/kernels.ts";
import { natsarcMagic } from "../../formats/natsarc/entry-head.ts";
import { firstLiteral } from "../../formats/s2/first-literal.ts";
import { fileSystemError } from "../files/staged-directory.ts";

/** What the first bytes of an archive say, whatever its name. Throws ARCHIVE_DAMAGED, FILE_SYSTEM. */
export function formatOf(path: string): "v1" | "v2" {
  let format: "v1" | "v2" | undefined;
  readFrom(path, (bytes) => {
    // Archives begin with 8 bytes that nothing before them is like, which a block has as they are.
    const begin = new TextDecoder("latin1").decode(firstLiteral(bytes, natsarcMagic.length));
    if (begin.length === natsarcMagic.length) format = begin === natsarcMagic ? "v2" : "v1";
    return false;
  });
  return format ?? archiveFormat((take) => readFrom(path, take), Kernels.create());
}

/** Hands on a file from its beginning, piece by piece, until `take` says false. Throws FILE_SYSTEM. */
export function readFrom(path: string, take: Parameters<ReadArchive>[0]): void {
  const buffer = new Uint8Array(64 * 1024);
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    for (let bytes = 1; bytes > 0; ) {
      bytes = readSync(file, buffer, 0, buffer.length, null);
      if (bytes > 0 && take(buffer.subarray(0, bytes)) === false) return;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw fileSystemError(`cannot read ${path}`, error);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
