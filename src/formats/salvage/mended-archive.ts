import type { Kernels } from "../kernels/kernels.ts";
import { S2Encoder } from "../s2/s2-encoder.ts";
import { tarPadding } from "../tar/tar-header.ts";
import { tarEnd, tarFile, tarFileHeader } from "../tar/tar-writer.ts";

/** Writes what was salvaged as an archive that is whole: uncompressed, since it is read once more and then thrown away. */
export class MendedArchive {
  readonly #s2: S2Encoder;
  readonly #write: (piece: Uint8Array) => void;

  /** `write` receives the archive piece by piece; a piece is valid only during the call. */
  constructor(kernels: Kernels, write: (piece: Uint8Array) => void) {
    this.#s2 = new S2Encoder(kernels, { compress: false });
    this.#write = write;
  }

  /** Bytes as they are. */
  bytes(bytes: Uint8Array): void {
    this.#s2.pushTo(bytes, this.#write);
  }

  /** A file of a tar. */
  file(name: string, content: Uint8Array): void {
    this.bytes(tarFile(name, content));
  }

  /** A file of a tar, of pieces that lie one behind the other. */
  fileOf(name: string, pieces: readonly Uint8Array[]): void {
    const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
    this.bytes(tarFileHeader({ name, size }));
    for (const piece of pieces) this.bytes(piece);
    this.bytes(new Uint8Array(tarPadding(size)));
  }

  endTar(): void {
    this.bytes(tarEnd());
    this.end();
  }

  end(): void {
    this.#s2.flushTo(this.#write);
  }
}
