import { RelightError } from "../../errors.ts";
import type { Window } from "../window.ts";
import { ChunkType, isSkippable, maskCrc, maxBlockBytes, maxChunkBytes, streamIdentifiers } from "./s2-frames.ts";

const headBytes = 4;
const crcBytes = 4;

/**
 * Incremental decoder of the S2 framing format, Snappy's included. Source: klauspost/compress `s2/reader.go` and
 * Snappy's framing description; docs/formats/s2.md has the rules by number.
 */
export class S2Decoder {
  readonly #window: Window;
  /** Address of the current chunk, as far as it has come; of a skipped chunk the head only, of a stored one also the CRC. */
  #chunk: number;
  /** Where the bytes of a stored block go, which need no decoding: into the window at once. */
  #stored: number | undefined;
  #chunkRoom = 4096;
  /** Bytes of the current chunk that have come. */
  #have = 0;
  #encoded = 0;
  #identified = false;
  #skipped = 0;

  constructor(window: Window) {
    this.#window = window;
    this.#chunk = window.kernels.allocate(this.#chunkRoom);
  }

  /** Bytes of input taken so far. */
  get encodedBytes(): number {
    return this.#encoded;
  }

  /** Padding and skippable chunks met so far. No nats-server writes any: one may be a block whose type was damaged. */
  get skippedChunks(): number {
    return this.#skipped;
  }

  /**
   * Takes input until one chunk is done, which puts at most 4 MiB into the window, or the input is used up. Returns the
   * bytes taken; call again with the rest. Throws ARCHIVE_DAMAGED with `context.encodedOffset`, where the chunk begins;
   * the decoder is of no use then, and of that chunk nothing is in the window.
   */
  push(input: Uint8Array): number {
    const taken = this.#fill(input, 0, headBytes);
    if (this.#have < headBytes) return taken;
    const head = this.#window.kernels.view.getUint32(this.#chunk, true);
    const type = head & 0xff;
    const length = head >>> 8;
    if (!this.#identified && type !== ChunkType.identifier) throw this.#damaged("no S2 stream begins here");
    if (isSkippable(type)) return taken + this.#skip(input.length - taken, length);
    if (length > maxChunkBytes) throw this.#damaged(`a chunk of ${length} bytes`);
    if (type === ChunkType.uncompressed && length >= crcBytes) return this.#store(input, taken, length);
    if (headBytes + length > this.#chunkRoom) this.#makeRoom(headBytes + length);
    const body = this.#fill(input, taken, headBytes + length);
    if (this.#have === headBytes + length) {
      this.#decode(type, this.#chunk + headBytes, length);
      this.#have = 0;
    }
    return taken + body;
  }

  /** The input has ended. Throws ARCHIVE_DAMAGED when it is cut in the middle of a chunk, or has no stream identifier. */
  end(): void {
    if (this.#have > 0) throw this.#damaged("the stream is cut off in the middle of a block");
    if (!this.#identified) throw this.#damaged("the stream is empty");
  }

  /** Copies input from `from` on until the chunk has `wanted` bytes; returns the bytes copied. */
  #fill(input: Uint8Array, from: number, wanted: number): number {
    const count = Math.min(wanted - this.#have, input.length - from);
    if (count <= 0) return 0;
    this.#window.kernels.bytes.set(input.subarray(from, from + count), this.#chunk + this.#have);
    this.#have += count;
    this.#encoded += count;
    return count;
  }

  /** Takes a stored block. Nothing of it counts as in the window before its checksum has been found right. */
  #store(input: Uint8Array, from: number, length: number): number {
    const size = length - crcBytes;
    if (size > maxBlockBytes) throw this.#damaged(`a block of ${size} bytes`);
    let at = from + this.#fill(input, from, headBytes + crcBytes);
    if (this.#have < headBytes + crcBytes) return at;
    this.#stored ??= this.#window.reserve(size);
    const count = Math.min(headBytes + length - this.#have, input.length - at);
    const { kernels } = this.#window;
    kernels.bytes.set(input.subarray(at, at + count), this.#stored + this.#have - headBytes - crcBytes);
    this.#have += count;
    this.#encoded += count;
    at += count;
    if (this.#have === headBytes + length) {
      this.#verify(this.#stored, size, this.#chunk + headBytes);
      this.#window.commit(size);
      this.#stored = undefined;
      this.#have = 0;
    }
    return at;
  }

  #verify(target: number, size: number, crcAt: number): void {
    const { kernels } = this.#window;
    if (maskCrc(kernels.crc32c(target, size)) !== kernels.view.getUint32(crcAt, true)) {
      throw this.#damaged("the checksum of a block is wrong");
    }
  }

  #makeRoom(wanted: number): void {
    const room = Math.min(headBytes + maxChunkBytes, Math.max(wanted, this.#chunkRoom * 2));
    this.#chunk = this.#window.kernels.enlarge(this.#chunk, this.#chunkRoom, room);
    this.#chunkRoom = room;
  }

  #skip(available: number, length: number): number {
    const count = Math.min(headBytes + length - this.#have, available);
    this.#have += count;
    this.#encoded += count;
    if (this.#have === headBytes + length) {
      this.#have = 0;
      this.#skipped++;
    }
    return count;
  }

  #decode(type: number, at: number, length: number): void {
    if (type === ChunkType.identifier) {
      const text = length === 6 ? String.fromCharCode(...this.#window.kernels.bytes.subarray(at, at + 6)) : "";
      if (!streamIdentifiers.includes(text)) throw this.#damaged("an unknown stream identifier");
      this.#identified = true;
      return;
    }
    if (type !== ChunkType.compressed && type !== ChunkType.uncompressed) {
      throw this.#damaged(`a chunk of the unknown type 0x${type.toString(16).padStart(2, "0")}`);
    }
    if (length < crcBytes) throw this.#damaged("a block that is too short");
    const { kernels } = this.#window;
    const end = at + length;
    const [size, body] = this.#blockSize(at + crcBytes, end);
    if (size > maxBlockBytes) throw this.#damaged(`a block of ${size} bytes`);
    const target = this.#window.reserve(size);
    if (kernels.s2DecodeBlock(body, end, target, target + size) !== 0) {
      throw this.#damaged("a block that does not decompress");
    }
    this.#verify(target, size, at);
    this.#window.commit(size);
  }

  /** Reads the uvarint before a block, its decompressed size; returns that and the address of the block. */
  #blockSize(at: number, end: number): [size: number, body: number] {
    const { bytes } = this.#window.kernels;
    let size = 0;
    for (let index = 0; index < 5 && at + index < end; index++) {
      const byte = bytes[at + index] as number;
      size += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) return [size, at + index + 1];
    }
    throw this.#damaged("a block without a size");
  }

  #damaged(what: string): RelightError {
    const offset = this.#encoded - this.#have;
    return new RelightError("ARCHIVE_DAMAGED", `${what}, at offset ${offset} of the compressed data`, {
      context: { encodedOffset: offset },
    });
  }
}
