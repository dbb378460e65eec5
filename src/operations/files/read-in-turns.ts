import { type FileHandle, open } from "node:fs/promises";
import { fileSystemError } from "./staged-directory.ts";

export interface ReadInTurns {
  /** Bytes of one piece. */
  readonly pieceBytes: number;
  /** Pieces that stay valid: one is overwritten when this many further ones have been asked for. */
  readonly pieces: number;
}

/**
 * Reads a file in pieces whose memory is used in turns: nothing is left to the garbage collector.
 * Throws FILE_SYSTEM.
 */
export async function* readInTurns(path: string, { pieceBytes, pieces }: ReadInTurns): AsyncGenerator<Uint8Array> {
  const turns = new Map<number, Uint8Array>();
  const file = await opened(path);
  try {
    for (let position = 0, turn = 0; ; turn = (turn + 1) % pieces) {
      const piece = turns.get(turn) ?? new Uint8Array(pieceBytes);
      turns.set(turn, piece);
      const bytesRead = await filled(file, path, piece, position);
      if (bytesRead === 0) return;
      position += bytesRead;
      yield piece.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/**
 * Reads a file for somebody who works on each piece at once: the next is read meanwhile. A piece is valid until the next is
 * asked for. Throws FILE_SYSTEM.
 */
export async function* readAhead(path: string, pieceBytes: number): AsyncGenerator<Uint8Array> {
  let [piece, spare] = [new Uint8Array(pieceBytes), new Uint8Array(pieceBytes)];
  const file = await opened(path);
  let reading = filled(file, path, piece, 0);
  try {
    for (let position = 0; ; ) {
      const bytesRead = await reading;
      if (bytesRead === 0) return;
      position += bytesRead;
      reading = filled(file, path, spare, position);
      // Looked at when its turn comes.
      reading.catch(() => {});
      yield piece.subarray(0, bytesRead);
      [piece, spare] = [spare, piece];
    }
  } finally {
    await reading.catch(() => {});
    await file.close();
  }
}

function opened(path: string): Promise<FileHandle> {
  return open(path, "r").catch((error: unknown) => {
    throw fileSystemError(`cannot read ${path}`, error);
  });
}

async function filled(file: FileHandle, path: string, piece: Uint8Array, position: number): Promise<number> {
  try {
    return (await file.read(piece, 0, piece.length, position)).bytesRead;
  } catch (error) {
    throw fileSystemError(`cannot read ${path}`, error);
  }
}
