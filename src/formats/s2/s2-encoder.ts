import { Kernels } from "../kernels/kernels.ts";
import { ChunkType, maskCrc } from "./s2-frames.ts";

export interface S2EncoderOptions {
  /** Decompressed bytes in a block, at most 4 MiB. Default 1 MiB, as the server's own. */
  readonly blockSize?: number;
  /** False stores blocks uncompressed, which every reader accepts. Default true. */
  readonly compress?: boolean;
}

/** Incremental encoder of the S2 framing format. Returned frames have buffers of their own. */
export class S2Encoder {
  readonly #kernels: Kernels;
  readonly #blockSize: number;
  readonly #compress: boolean;
  readonly #block: number;
  readonly #frame: number;
  #have = 0;
  #begun = false;

  /** @param kernels whose memory holds the block; an instance of its own by default */
  constructor(kernels: Kernels = Kernels.create(), options: S2EncoderOptions = {}) {
    this.#kernels = kernels;
    this.#blockSize = options.blockSize ?? 1024 * 1024;
    this.#compress = options.compress ?? true;
    this.#block = this.#kernels.allocate(this.#blockSize);
    this.#frame = this.#kernels.allocate(this.#blockSize + Math.ceil(this.#blockSize / 6) + 128);
  }

  /** Takes bytes; returns the frames that became complete. */
  push(bytes: Uint8Array): Uint8Array[] {
    const frames: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; ) {
      const count = Math.min(this.#blockSize - this.#have, bytes.length - at);
      this.#kernels.bytes.set(bytes.subarray(at, at + count), this.#block + this.#have);
      this.#have += count;
      at += count;
      if (this.#have === this.#blockSize) this.#flush(frames);
    }
    return frames;
  }

  /** The last frames. An empty stream is its identifier alone. */
  end(): Uint8Array[] {
    const frames: Uint8Array[] = [];
    if (this.#have > 0) this.#flush(frames);
    else if (!this.#begun) frames.push(this.#identifier());
    return frames;
  }

  #identifier(): Uint8Array {
    this.#begun = true;
    return new Uint8Array([ChunkType.identifier, 6, 0, 0, ...new TextEncoder().encode("S2sTwO")]);
  }

  #flush(frames: Uint8Array[]): void {
    if (!this.#begun) frames.push(this.#identifier());
    const kernels = this.#kernels;
    const size = this.#have;
    const crc = maskCrc(kernels.crc32c(this.#block, size));
    let lengthBytes = 0;
    const { bytes, view } = kernels;
    for (let rest = size; ; rest = Math.floor(rest / 128)) {
      bytes[this.#frame + 8 + lengthBytes++] = rest >= 128 ? (rest % 128) | 0x80 : rest;
      if (rest < 128) break;
    }
    const packed = this.#compress
      ? kernels.s2EncodeBlock(this.#block, this.#block + size, this.#frame + 8 + lengthBytes)
      : 0;
    let body: number;
    if (packed > 0) {
      body = 4 + lengthBytes + packed;
      view.setUint32(this.#frame, ChunkType.compressed | (body << 8), true);
    } else {
      body = 4 + size;
      bytes.copyWithin(this.#frame + 8, this.#block, this.#block + size);
      view.setUint32(this.#frame, ChunkType.uncompressed | (body << 8), true);
    }
    view.setUint32(this.#frame + 4, crc, true);
    frames.push(bytes.slice(this.#frame, this.#frame + 4 + body));
    this.#have = 0;
  }
}
