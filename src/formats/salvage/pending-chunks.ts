import { ChunkType, identifierChunk, streamIdentifiers } from "../s2/s2-frames.ts";

export const identifierBytes = identifierChunk().length;

/** Compressed bytes that wait, and what their chunks' heads say. Offsets are from the oldest of them. */
export class PendingChunks {
  #bytes = new Uint8Array(64 * 1024);
  #start = 0;
  #end = 0;
  #dropped = 0;

  /** How many bytes wait. */
  get have(): number {
    return this.#end - this.#start;
  }

  /** The offset of the oldest one in the file. */
  get offset(): number {
    return this.#dropped;
  }

  append(bytes: Uint8Array): void {
    const { have } = this;
    if (this.#end + bytes.length > this.#bytes.length) {
      const isTooSmall = have + bytes.length > this.#bytes.length;
      const room = isTooSmall ? new Uint8Array(2 * (have + bytes.length)) : this.#bytes;
      room.set(this.#bytes.subarray(this.#start, this.#end));
      this.#bytes = room;
      this.#start = 0;
      this.#end = have;
    }
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  drop(bytes: number): void {
    this.#start += bytes;
    this.#dropped += bytes;
  }

  byte(at: number): number {
    return this.#bytes[this.#start + at] as number;
  }

  /** A view, valid until more is appended. */
  slice(at: number, length: number): Uint8Array {
    return this.#bytes.subarray(this.#start + at, this.#start + at + length);
  }

  /** What the head of a chunk says. */
  head(at: number): [type: number, length: number] {
    return [this.byte(at), this.byte(at + 1) + this.byte(at + 2) * 0x100 + this.byte(at + 3) * 0x10000];
  }

  isIdentifier(at: number): boolean {
    if (at + identifierBytes > this.have) return false;
    const [type, length] = this.head(at);
    if (type !== ChunkType.identifier || length !== 6) return false;
    return streamIdentifiers.includes(String.fromCharCode(...this.slice(at + 4, 6)));
  }
}
