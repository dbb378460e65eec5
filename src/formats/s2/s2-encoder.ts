import { Kernels } from "../kernels/kernels.ts";
import { blockHeadBytes, packBlock, packedRoom } from "./pack-block.ts";
import { ChunkType, identifierChunk, maskCrc, maxBlockBytes } from "./s2-frames.ts";

export interface S2EncoderOptions {
  /** Decompressed bytes in a block, 1 to 4 MiB. Default 1 MiB, as the server's own. */
  readonly blockSize?: number;
  /** False stores blocks uncompressed, which every reader accepts. Default true. */
  readonly compress?: boolean;
}

/** Bytes in one piece that are stored as they are, in chunks of their own, where nothing is compressed. */
const worthAChunk = 64 * 1024;

/**
 * Incremental encoder of the S2 framing format, for klauspost/compress's reader as nats-server has it. Pieces that are
 * returned are whole chunks with buffers of their own; those that are handed to `write` are parts of the kernels' memory,
 * valid only during the call. Blocks that compress by less than a 32nd are stored.
 */
export class S2Encoder {
  readonly #kernels: Kernels;
  readonly #blockSize: number;
  readonly #compress: boolean;
  /** Address of the block's bytes; in front of them is room for a head. */
  readonly #block: number;
  /** Address of the compressed chunk. */
  readonly #packed: number;
  #have = 0;
  #begun = false;

  /**
   * @param kernels whose memory holds the block (about 2.2 block sizes); an instance of its own by default
   * Throws RangeError for a block size that no reader takes.
   */
  constructor(kernels: Kernels = Kernels.create(), options: S2EncoderOptions = {}) {
    const { blockSize = 1024 * 1024, compress = true } = options;
    if (!(Number.isInteger(blockSize) && blockSize >= 1 && blockSize <= maxBlockBytes)) {
      throw new RangeError(`an S2 block has 1 to ${maxBlockBytes} bytes, not ${blockSize}`);
    }
    this.#kernels = kernels;
    this.#blockSize = blockSize;
    this.#compress = compress;
    this.#block = kernels.allocate(64 + blockSize) + 64;
    this.#packed = compress ? kernels.allocate(packedRoom(blockSize)) : 0;
  }

  /** Takes bytes; returns the chunks that became complete. */
  push(bytes: Uint8Array): Uint8Array[] {
    return collect((write) => this.pushTo(bytes, write));
  }

  /** Takes bytes, and hands over the chunks that become complete; `pushed` are parts of them, which lie where they lay. */
  pushTo(bytes: Uint8Array, write: (chunk: Uint8Array, pushed?: boolean) => void): void {
    if (!this.#compress && bytes.length >= worthAChunk && this.#isOurs(bytes)) {
      this.flushTo(write);
      this.#storeInPlace(bytes, write);
      return;
    }
    for (let at = 0; at < bytes.length; ) {
      const count = Math.min(this.#blockSize - this.#have, bytes.length - at);
      this.#kernels.bytes.set(bytes.subarray(at, at + count), this.#block + this.#have);
      this.#have += count;
      at += count;
      if (this.#have === this.#blockSize) this.flushTo(write);
    }
  }

  /** Ends the current block early: what was pushed so far can be read back from the chunks returned so far. */
  flush(): Uint8Array[] {
    return collect((write) => this.flushTo(write));
  }

  /** As {@link flush}, also at the end. */
  flushTo(write: (chunk: Uint8Array) => void): void {
    if (!this.#begun) write(identifierChunk());
    this.#begun = true;
    if (this.#have > 0) write(this.#chunk());
    this.#have = 0;
  }

  /** The last chunks. The stream of no bytes is its identifier alone. */
  end(): Uint8Array[] {
    return this.flush();
  }

  #isOurs(bytes: Uint8Array): boolean {
    return bytes.buffer === this.#kernels.bytes.buffer;
  }

  /** What lies in the kernels' memory needs no copy to be stored: heads, and between them the bytes as they are. */
  #storeInPlace(stored: Uint8Array, write: (piece: Uint8Array, pushed?: boolean) => void): void {
    const { bytes, view } = this.#kernels;
    const head = this.#block - blockHeadBytes;
    for (let at = 0; at < stored.length; at += this.#blockSize) {
      const block = stored.subarray(at, at + this.#blockSize);
      view.setUint32(head, ChunkType.uncompressed | ((block.length + 4) << 8), true);
      view.setUint32(head + 4, maskCrc(this.#kernels.crc32c(block.byteOffset, block.length)), true);
      write(bytes.subarray(head, this.#block));
      write(block, true);
    }
  }

  #chunk(): Uint8Array {
    const kernels = this.#kernels;
    const size = this.#have;
    const { bytes, view } = kernels;
    let begin = this.#packed;
    let end = this.#compress ? packBlock(kernels, this.#block, size, begin) : 0;
    if (end === 0) {
      begin = this.#block - blockHeadBytes;
      end = this.#block + size;
      view.setUint32(begin, ChunkType.uncompressed | ((size + 4) << 8), true);
    }
    view.setUint32(begin + 4, maskCrc(kernels.crc32c(this.#block, size)), true);
    return bytes.subarray(begin, end);
  }
}

function collect(run: (write: (chunk: Uint8Array) => void) => void): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  run((chunk) => {
    chunks.push(chunk.slice());
  });
  return chunks;
}
