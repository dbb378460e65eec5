import { RelightError } from "../../errors.ts";
import type { Window } from "../window.ts";
import { ChunkType, maskCrc, maxBlockBytes, maxChunkBytes, streamIdentifiers } from "./s2-frames.ts";

/**
 * Incremental decoder of the S2 framing format, Snappy's included. Source: klauspost/compress `s2/reader.go` and
 * Snappy's framing description; docs/formats/s2.md has the rules by number.
 */
export class S2Decoder {
  readonly #window: Window;
  /** A chunk that has not come whole yet, in kernel memory. */
  readonly #chunk: number;
  #have = 0;
  #encoded = 0;
  #identified = false;

  constructor(window: Window) {
    this.#window = window;
    this.#chunk = window.kernels.allocate(maxChunkBytes + 4);
  }

  /** Bytes of input taken so far. */
  get encodedBytes(): number {
    return this.#encoded;
  }

  /**
   * Takes input until one chunk is decoded into the window or the input is used up; returns the bytes taken. To be called
   * again with the rest. Throws ARCHIVE_DAMAGED with `context.encodedOffset`.
   */
  push(input: Uint8Array): number {
    const { kernels } = this.#window;
    let taken = 0;
    const fill = (until: number): boolean => {
      const count = Math.min(until - this.#have, input.length - taken);
      kernels.bytes.set(input.subarray(taken, taken + count), this.#chunk + this.#have);
      taken += count;
      this.#have += count;
      return this.#have >= until;
    };
    if (!fill(4)) return this.#took(taken);
    const head = kernels.view.getUint32(this.#chunk, true);
    const type = head & 0xff;
    const length = head >>> 8;
    if (!this.#identified && type !== ChunkType.identifier) throw this.#damaged("this is no S2 stream");
    if (type >= ChunkType.firstSkippable && type !== ChunkType.identifier) {
      // Skipped bytes are not kept: `have` counts on, the buffer does not.
      return this.#skip(input, taken, length);
    }
    if (length > maxChunkBytes) throw this.#damaged(`a chunk of ${length} bytes`);
    if (!fill(4 + length)) return this.#took(taken);
    this.#decode(type, this.#chunk + 4, length);
    this.#have = 0;
    return this.#took(taken);
  }

  /** The input has ended. Throws ARCHIVE_DAMAGED when it is cut in the middle of a chunk, or was empty. */
  end(): void {
    if (this.#have > 0) throw this.#damaged("the stream is cut off in the middle of a block");
    if (!this.#identified) throw this.#damaged("the stream is empty");
  }

  #took(taken: number): number {
    this.#encoded += taken;
    return taken;
  }

  #skip(input: Uint8Array, taken: number, length: number): number {
    const missing = 4 + length - this.#have;
    const count = Math.min(missing, input.length - taken);
    this.#have += count;
    if (this.#have === 4 + length) this.#have = 0;
    return this.#took(taken + count);
  }

  #decode(type: number, at: number, length: number): void {
    const { kernels } = this.#window;
    switch (type) {
      case ChunkType.identifier: {
        const text = String.fromCharCode(...kernels.bytes.subarray(at, at + Math.min(length, 16)));
        if (!streamIdentifiers.includes(text)) throw this.#damaged("an unknown stream identifier");
        this.#identified = true;
        return;
      }
      case ChunkType.compressed: {
        if (length < 5) throw this.#damaged("a block that is too short");
        const [size, headBytes] = this.#blockLength(at + 4, at + length);
        const target = this.#window.reserve(size);
        const result = kernels.s2DecodeBlock(at + 4 + headBytes, at + length, target, target + size);
        if (result !== 0) throw this.#damaged("a block that does not decompress");
        this.#verify(at, target, size);
        return;
      }
      case ChunkType.uncompressed: {
        if (length < 4) throw this.#damaged("a block that is too short");
        const size = length - 4;
        if (size > maxBlockBytes) throw this.#damaged(`a block of ${size} bytes`);
        const target = this.#window.reserve(size);
        kernels.bytes.copyWithin(target, at + 4, at + length);
        this.#verify(at, target, size);
        return;
      }
      default:
        throw this.#damaged(`a chunk of the unknown type 0x${type.toString(16)}`);
    }
  }

  #verify(at: number, target: number, size: number): void {
    const { kernels } = this.#window;
    if (maskCrc(kernels.crc32c(target, size)) !== kernels.view.getUint32(at, true)) {
      throw this.#damaged("the checksum of a block is wrong");
    }
    this.#window.commit(size);
  }

  /** The uvarint before a block: its decompressed size. */
  #blockLength(at: number, end: number): [size: number, bytes: number] {
    const { bytes } = this.#window.kernels;
    let size = 0;
    for (let index = 0; index < 5 && at + index < end; index++) {
      const byte = bytes[at + index] as number;
      size += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) {
        if (size > maxBlockBytes) break;
        return [size, index + 1];
      }
    }
    throw this.#damaged("a block that claims an impossible size");
  }

  #damaged(what: string): RelightError {
    const offset = this.#encoded;
    return new RelightError("ARCHIVE_DAMAGED", `${what}, in the compressed data at offset ${offset}`, {
      context: { encodedOffset: offset },
    });
  }
}
