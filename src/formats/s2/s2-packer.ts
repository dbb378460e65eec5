import type { Kernels } from "../kernels/kernels.ts";
import { blockHeadBytes, packBlock, packedRoom } from "./pack-block.ts";
import { ChunkType } from "./s2-frames.ts";

/** Of a chunk: type and length. */
const frameBytes = 4;
/** In front of a chunk, so that the block in it is aligned. */
const before = 64 - blockHeadBytes;
const usualChunk = 1024 * 1024 + blockHeadBytes;

/**
 * Compresses the blocks of an S2 stream that stores them: what an encoder makes that compresses nothing becomes what one makes
 * that does. The checksum of a block is that of its decompressed bytes, so that it is handed on as it is, and a block that was
 * changed on its way here is found out when the result is read. For a thread of its own: blocks do not depend on each other.
 */
export class S2Packer {
  readonly #kernels: Kernels;
  readonly #write: (chunk: Uint8Array) => void;
  #area: number;
  #room = usualChunk;
  /** Address of the chunk that is compressed. */
  #packed: number;
  #have = 0;
  #length = 0;

  /** `write` receives whole chunks, valid only during the call. */
  constructor(kernels: Kernels, write: (chunk: Uint8Array) => void) {
    this.#kernels = kernels;
    this.#write = write;
    this.#area = kernels.allocate(before + usualChunk);
    this.#packed = kernels.allocate(packedRoom(usualChunk));
  }

  /** True where no chunk has come in part. */
  get betweenChunks(): boolean {
    return this.#have === 0;
  }

  /** Takes bytes of the stream, however they are cut. They are those of an encoder of ours, and not verified. */
  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const wanted = this.#have < frameBytes ? frameBytes : frameBytes + this.#length;
      const count = Math.min(wanted - this.#have, bytes.length - at);
      this.#kernels.bytes.set(bytes.subarray(at, at + count), this.#area + before + this.#have);
      this.#have += count;
      at += count;
      if (this.#have === frameBytes) this.#begin();
      if (this.#have >= frameBytes && this.#have === frameBytes + this.#length) this.#complete();
    }
  }

  #begin(): void {
    this.#length = this.#kernels.view.getUint32(this.#area + before, true) >>> 8;
    const wanted = frameBytes + this.#length;
    if (wanted <= this.#room) return;
    this.#area = this.#kernels.enlarge(this.#area, before + this.#room, before + wanted);
    this.#packed = this.#kernels.allocate(packedRoom(wanted));
    this.#room = wanted;
  }

  #complete(): void {
    const { bytes, view } = this.#kernels;
    const chunk = this.#area + before;
    const whole = this.#have;
    this.#have = 0;
    if (bytes[chunk] === ChunkType.uncompressed && whole > blockHeadBytes) {
      const end = packBlock(this.#kernels, chunk + blockHeadBytes, whole - blockHeadBytes, this.#packed);
      if (end > 0) {
        view.setUint32(this.#packed + frameBytes, view.getUint32(chunk + frameBytes, true), true);
        this.#write(bytes.subarray(this.#packed, end));
        return;
      }
    }
    this.#write(bytes.subarray(chunk, chunk + whole));
  }
}
