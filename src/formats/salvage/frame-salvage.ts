import { ChunkType, isSkippable, maskCrc, maxBlockBytes, maxChunkBytes } from "../s2/s2-frames.ts";
import { identifierBytes, PendingChunks } from "./pending-chunks.ts";
import type { SalvageInput } from "./salvage-input.ts";

const headBytes = 4;
const crcBytes = 4;

/** Input in which the next sound block is looked for before the oldest of it is given up. */
const searchBytes = 2 * maxChunkBytes;

/** Damaged blocks in a row whose lengths are believed because a sound one follows. */
const chainLimit = 4;

/** Stands for bytes that are lost: nothing that an archive holds begins like that. */
const filler = 0xff;

/**
 * Decodes an S2 stream as far as that is possible. What a block with a wrong checksum decodes to is handed on as suspect:
 * a v1 archive has checksums of its own inside. Where the length of a block is wrong, the next sound one is looked for.
 */
export class FrameSalvage {
  readonly #input: SalvageInput;
  readonly #advance: () => void;
  readonly #pending = new PendingChunks();
  #ended = false;
  #chunk: number;
  #chunkRoom = 64 * 1024;
  /** Decoded bytes of the largest block so far: all but the last are of one size. */
  #usual = 0;

  /** `advance` is called when the window has more bytes. */
  constructor(input: SalvageInput, advance: () => void) {
    this.#input = input;
    this.#advance = advance;
    this.#chunk = input.window.kernels.allocate(this.#chunkRoom);
  }

  push(bytes: Uint8Array): void {
    this.#pending.append(bytes);
    while (this.#step());
  }

  end(): void {
    this.#ended = true;
    while (this.#step());
  }

  /** Handles one chunk, or the damage in place of one; false when more bytes are needed, or none are left. */
  #step(): boolean {
    if (this.#pending.have < headBytes) return this.#cutOff();
    const [type, length] = this.#pending.head(0);
    if (this.#pending.isIdentifier(0)) {
      this.#pending.drop(identifierBytes);
      return true;
    }
    if (
      (type === ChunkType.identifier || isSkippable(type)) &&
      this.#pending.have < headBytes + length &&
      !this.#ended
    ) {
      if (length <= maxChunkBytes) return false;
    }
    const isData = type === ChunkType.compressed || type === ChunkType.uncompressed;
    if (isData && length >= crcBytes && length <= maxChunkBytes) {
      if (this.#pending.have < headBytes + length) {
        if (!this.#ended) return false;
        return this.#next() === undefined ? this.#cutOff() : this.#search(this.#pending.offset);
      }
      const size = this.#decode(0, type, length);
      if (size !== undefined) {
        this.#usual = Math.max(this.#usual, size);
        this.#commit(size, headBytes + length);
        return true;
      }
    }
    return this.#damaged(type, length, isData);
  }

  #damaged(type: number, length: number, isData: boolean): boolean {
    // To judge a length, what follows is needed.
    if (!this.#ended && this.#pending.have < Math.min(searchBytes, headBytes + length + maxChunkBytes)) return false;
    const encodedOffset = this.#pending.offset;
    const follows = this.#confirmed(headBytes + length);
    if (follows && isSkippable(type) && this.#mend(length) === undefined) {
      this.#pending.drop(headBytes + length);
      return true;
    }
    if (follows && isData && length >= crcBytes) {
      const what = "the checksum of a block of compressed data is wrong";
      this.#input.damage({ what, encodedOffset });
      this.#commitSuspect(type, length, headBytes + length);
      return true;
    }
    return this.#search(encodedOffset);
  }

  /** Looks for the next sound block, and makes what it can of what lies before that. */
  #search(encodedOffset: number): boolean {
    if (!this.#ended && this.#pending.have < searchBytes) return false;
    const found = this.#next();
    const bytes = found ?? (this.#ended ? this.#pending.have : this.#pending.have - maxChunkBytes);
    const size = found === undefined ? undefined : this.#mend(found - headBytes);
    if (size !== undefined) {
      this.#input.damage({
        what: "type or length of a block of compressed data was wrong; it is mended",
        encodedOffset,
      });
      this.#commit(size, bytes);
      return true;
    }
    this.#input.damage({ what: "compressed data that no block can be made of", encodedOffset, bytes });
    // Before the first block there is nothing but the identifier.
    if (this.#usual > 0 || bytes > identifierBytes) {
      this.#input.unaligned = true;
      this.#fill(this.#usual || 1024 * 1024);
      this.#commitSuspectBytes(this.#usual || 1024 * 1024);
    }
    this.#pending.drop(bytes);
    this.#advance();
    return true;
  }

  /** The bytes at hand as a block of this length, whatever their head says, where the checksum is right then. */
  #mend(length: number): number | undefined {
    if (length < crcBytes || length > maxChunkBytes || headBytes + length > this.#pending.have) return undefined;
    return this.#decode(0, ChunkType.compressed, length) ?? this.#decode(0, ChunkType.uncompressed, length);
  }

  /** How far away the next sound block begins. */
  #next(): number | undefined {
    const limit = this.#usual || maxBlockBytes;
    for (let at = 1; at + headBytes + crcBytes < this.#pending.have; at++) {
      const type = this.#pending.byte(at);
      if (type > ChunkType.uncompressed) {
        if (type === ChunkType.identifier && this.#pending.isIdentifier(at)) return at;
        continue;
      }
      const [, length] = this.#pending.head(at);
      if (length <= crcBytes || length > crcBytes + limit + 32 || at + headBytes + length > this.#pending.have)
        continue;
      if (this.#decode(at, type, length, limit) !== undefined) return at;
    }
    return undefined;
  }

  /** Whether a chunk begins `at` bytes ahead: a sound one, or one of those that lead to a sound one, or the end. */
  #confirmed(at: number, chain = 0): boolean {
    if (at === this.#pending.have) return this.#ended;
    if (chain === chainLimit || at + headBytes > this.#pending.have) return false;
    if (this.#pending.isIdentifier(at)) return true;
    const [type, length] = this.#pending.head(at);
    if (length > maxChunkBytes || (type > ChunkType.uncompressed && !isSkippable(type))) return false;
    if (at + headBytes + length > this.#pending.have) return false;
    if (!isSkippable(type) && length >= crcBytes && this.#decode(at, type, length) !== undefined) return true;
    return this.#confirmed(at + headBytes + length, chain + 1);
  }

  /** What is left is less than a chunk. */
  #cutOff(): boolean {
    if (!this.#ended || this.#pending.have === 0) return false;
    const [bytes, encodedOffset] = [this.#pending.have, this.#pending.offset];
    this.#input.damage({ what: "the file is cut off in the middle of a block", encodedOffset, bytes });
    const type = this.#pending.byte(0);
    if (bytes > headBytes + crcBytes && type <= ChunkType.uncompressed) {
      this.#commitSuspect(type, bytes - headBytes, bytes);
    } else this.#pending.drop(bytes);
    return false;
  }

  /** Decodes the chunk `at` bytes ahead to the end of the window, without committing it; undefined where it is not sound. */
  #decode(at: number, type: number, length: number, limit = maxBlockBytes): number | undefined {
    const size = this.#size(at, type, length);
    if (size === undefined || size > limit) return undefined;
    const { kernels } = this.#input.window;
    if (this.#expand(at, type, length, size) !== 0) return undefined;
    const target = this.#input.window.end;
    const stored = kernels.view.getUint32(this.#chunk, true);
    return maskCrc(kernels.crc32c(target, size)) === stored ? size : undefined;
  }

  /** What the chunk says that it decodes to. */
  #size(at: number, type: number, length: number): number | undefined {
    if (type === ChunkType.uncompressed) return length - crcBytes;
    let size = 0;
    for (let index = 0; index < 5 && crcBytes + index < length; index++) {
      const byte = this.#pending.byte(at + headBytes + crcBytes + index);
      size += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) return size;
    }
    return undefined;
  }

  /** Puts CRC and body into the kernels' memory, and what they expand to behind the window; 0 where all is well. */
  #expand(at: number, type: number, length: number, size: number): number {
    const { window } = this.#input;
    const { kernels } = window;
    if (length > this.#chunkRoom) {
      const room = Math.max(length, 2 * this.#chunkRoom);
      this.#chunk = kernels.enlarge(this.#chunk, 0, room);
      this.#chunkRoom = room;
    }
    const target = window.reserve(size);
    kernels.bytes.set(this.#pending.slice(at + headBytes, length), this.#chunk);
    const body = this.#chunk + crcBytes;
    if (type === ChunkType.uncompressed) {
      kernels.bytes.copyWithin(target, body, body + size);
      return 0;
    }
    let skipped = 1;
    while ((kernels.bytes[body + skipped - 1] as number) >= 0x80) skipped++;
    return kernels.s2DecodeBlock(body + skipped, this.#chunk + length, target, target + size);
  }

  /** Hands on what a block with a wrong checksum decodes to, as far as it decodes. */
  #commitSuspect(type: number, length: number, taken: number): void {
    const said = this.#size(0, type, length);
    const size = said !== undefined && said <= (this.#usual || maxBlockBytes) ? said : this.#usual;
    this.#fill(size);
    if (said === size) this.#expand(0, type, length, size);
    this.#commitSuspectBytes(size);
    this.#pending.drop(taken);
    this.#advance();
  }

  #fill(size: number): void {
    const target = this.#input.window.reserve(size);
    this.#input.window.kernels.bytes.fill(filler, target, target + size);
  }

  #commitSuspectBytes(size: number): void {
    const { window } = this.#input;
    const from = window.consumedBytes + window.length;
    this.#input.suspect(from, from + size);
    window.commit(size);
  }

  #commit(size: number, taken: number): void {
    this.#input.window.commit(size);
    this.#pending.drop(taken);
    this.#advance();
  }
}
