import type { Kernels } from "../kernels/kernels.ts";
import { type Description, descriptionBytes, encodeNatsarcHead } from "../natsarc/encode-natsarc.ts";
import { S2Encoder } from "../s2/s2-encoder.ts";
import type { EntryBatch } from "./archive-sink.ts";

export interface V2WriterOptions {
  /** False stores S2 blocks uncompressed. Default true. */
  readonly compress?: boolean;
  /** Receives the archive piece by piece; a piece is valid only during the call. */
  readonly write: (piece: Uint8Array) => void;
  /** Receives what `begin` writes, in place of `write`. */
  readonly writeHead?: (head: Uint8Array) => void;
}

/**
 * Decoded bytes in an S2 block. A server stores the messages of one block before it reads on, and one that syncs each
 * message to disk gives a restore up after 5 s without progress: small blocks keep it going.
 */
const blockSize = 64 * 1024;

/** An entry's head and what kernels may touch behind it. */
const headBytes = 64;

const bufferBytes = 256 * 1024;

/**
 * Writes a v2 archive. The order of calls: {@link begin}, messages in ascending sequence, {@link end}.
 *
 * What stands before the messages says how many there are. Where that is known at the end only, `begin` writes the head with
 * the longest numbers that can come, or those that are likely in the place of such, and `end` returns the true head: as many
 * bytes, for the same place. To keep them equally long the head is an S2 stream of its own that compresses nothing; readers
 * take consecutive S2 streams as one.
 * Source: nats-server server/archive/archive.go; docs/formats/v2.md.
 */
export class V2Writer {
  readonly #kernels: Kernels;
  readonly #options: V2WriterOptions;
  readonly #s2: S2Encoder;
  #buffer: number;
  #capacity = bufferBytes;
  #sizes: readonly number[] = [];
  #begun: Uint8Array = new Uint8Array(0);
  #headStands = false;

  /** `kernels`: those whose memory the batches lie in. */
  constructor(kernels: Kernels, options: V2WriterOptions) {
    this.#kernels = kernels;
    this.#options = options;
    this.#s2 = new S2Encoder(kernels, { blockSize, compress: options.compress ?? true });
    this.#buffer = kernels.allocate(bufferBytes);
  }

  /** The state first, then the consumers, each as long as it can become; and as it will likely be, which is no longer. */
  begin(longest: readonly Description[], likely = longest): void {
    this.#sizes = longest.map(descriptionBytes);
    this.#begun = this.#head(likely);
    const { write, writeHead = write } = this.#options;
    writeHead(this.#begun);
  }

  /** Takes live messages, as a reader hands them out. */
  messages({ rows, count }: EntryBatch): void {
    for (let row = 0; row < count; ) {
      const area = { out: this.#buffer, outEnd: this.#buffer + this.#capacity };
      const built = this.#kernels.buildEntries(rows, row, count, area);
      row += built.count;
      if (built.count > 0) {
        this.#s2.pushTo(this.#kernels.bytes.subarray(this.#buffer, built.next), this.#options.write);
      } else {
        const { nameLength, headerLength, payloadLength } = rows;
        const size = (nameLength[row] ?? 0) + (headerLength[row] ?? 0) + (payloadLength[row] ?? 0) + headBytes;
        // Doubled, as memory that is left behind is lost.
        const capacity = Math.max(size, this.#capacity * 2);
        this.#buffer = this.#kernels.enlarge(this.#buffer, this.#capacity, capacity);
        this.#capacity = capacity;
      }
    }
  }

  /** After `end`: what `begin` wrote is the true head. */
  get headStands(): boolean {
    return this.#headStands;
  }

  /** Writes the end, and returns the head that belongs to the beginning: as many descriptions as before, in the same order. */
  end(descriptions: readonly Description[]): Uint8Array {
    this.#s2.pushTo(new Uint8Array(5), this.#options.write);
    this.#s2.flushTo(this.#options.write);
    const head = this.#head(descriptions);
    this.#headStands = head.length === this.#begun.length && head.every((byte, at) => byte === this.#begun[at]);
    return head;
  }

  #head(descriptions: readonly Description[]): Uint8Array {
    const s2 = new S2Encoder(this.#kernels, { blockSize, compress: false });
    const bytes = encodeNatsarcHead(descriptions, this.#sizes);
    const chunks = [...s2.push(bytes), ...s2.end()];
    const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    let at = 0;
    for (const chunk of chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    return whole;
  }
}
