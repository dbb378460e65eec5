import { emptyBlockIndex } from "../filestore/empty-block-index.ts";
import { encodeConsumerState } from "../filestore/encode-consumer-state.ts";
import { blockKey, checksumText, consumerKey, streamKey } from "../filestore/highway-keys.ts";
import type { Kernels } from "../kernels/kernels.ts";
import { S2Encoder } from "../s2/s2-encoder.ts";
import { tarPadding } from "../tar/tar-header.ts";
import { tarEnd, tarFile, tarFileHeader } from "../tar/tar-writer.ts";
import type { ArchivedConsumer } from "./archive-report.ts";
import type { EntryBatch } from "./archive-sink.ts";

export interface V1WriterOptions {
  /** The configuration of the stream to be, in the fields that its server knows. */
  readonly config: { readonly name: string; readonly [key: string]: unknown };
  /** RFC 3339. */
  readonly created: string;
  /** False stores S2 blocks uncompressed: for links that are faster than the encoder. Default true. */
  readonly compress?: boolean;
  /** Note the last sequence of an empty stream as nats-server 2.9 does, which does not find it in a record. */
  readonly emptyAsIn29?: boolean;
  /** Receives the archive piece by piece; a piece is valid only during the call. */
  readonly write: (piece: Uint8Array) => void;
}

/** A block ends when it reaches this size: that of the server's own blocks. */
const blockBytes = 8 * 1024 * 1024;

/** Missing sequences up to which a gap is filled inside a block; a larger one begins another block, where it is free. */
const maxFill = 1024;

const encoder = new TextEncoder();

/**
 * Writes the least v1 archive that every server from 2.9 on takes: configuration, blocks, consumers; no index, no tombstones.
 * The order of calls: messages in ascending sequence, then {@link end} with the last sequence and the consumers.
 * Source: nats-server server/filestore.go (`streamSnapshot`), server/stream.go (`RestoreStream`); docs/formats/v1.md.
 */
export class V1Writer {
  readonly #kernels: Kernels;
  readonly #options: V1WriterOptions;
  readonly #s2: S2Encoder;
  #block: number;
  #capacity = blockBytes;
  #at: number;
  #number = 1;
  #scratch: { readonly at: number; readonly bytes: number } | undefined;
  /** Of the current block; undefined until it is needed. */
  #key: Uint8Array | undefined;
  /** Last sequence in the current block, 0 when it is empty. */
  #last = 0;
  #lastTime = 0n;

  /** `kernels`: those whose memory the batches lie in. */
  constructor(kernels: Kernels, options: V1WriterOptions) {
    this.#kernels = kernels;
    this.#options = options;
    this.#s2 = new S2Encoder(kernels, { compress: options.compress ?? true });
    this.#block = kernels.allocate(blockBytes + 64);
    this.#at = this.#block;
    const { config, created } = options;
    const meta = encoder.encode(JSON.stringify({ Created: created, ...config }));
    this.#file("meta.inf", meta);
    this.#file("meta.sum", encoder.encode(this.#sum(streamKey(config.name), meta)));
  }

  /** Takes live messages, as a walk through a v2 archive hands them out. */
  messages({ rows, count }: EntryBatch): void {
    for (let row = 0; row < count; ) {
      this.#useKey();
      const built = this.#kernels.buildRecords(rows, row, count, {
        out: this.#at,
        outEnd: this.#block + this.#capacity,
        last: this.#last,
        maxFill,
      });
      row += built.count;
      this.#at = built.next;
      if (built.count > 0) {
        this.#last = rows.sequence[row - 1] as number;
        this.#lastTime = rows.timestamp[row - 1] as bigint;
      }
      if (built.stop === "end") continue;
      if (this.#at > this.#block) this.#endBlock();
      else
        this.#makeRoomFor((rows.nameLength[row] ?? 0) + (rows.headerLength[row] ?? 0) + (rows.payloadLength[row] ?? 0));
    }
  }

  /**
   * Writes what remains: the stream's last sequence and its time where it lies behind the last message, the consumers, the
   * end. A time before the last message's is not taken: times do not go back in a block.
   */
  end(lastSequence: number, lastTime: bigint, consumers: readonly ArchivedConsumer[]): void {
    const nothing = this.#number === 1 && this.#at === this.#block;
    if (nothing && lastSequence > 0 && this.#options.emptyAsIn29) {
      this.#file("msgs/1.idx", emptyBlockIndex(lastSequence));
      this.#file("msgs/1.blk", new Uint8Array(0));
    } else if (lastSequence > this.#last) {
      // Servers note the sequences missing inside a block one by one, so a large gap begins another block.
      if (this.#last > 0 && lastSequence - this.#last > maxFill) this.#endBlock();
      if (this.#at + 30 > this.#block + this.#capacity) this.#makeRoomFor(this.#at - this.#block);
      this.#useKey();
      this.#at = this.#kernels.buildSkipped(
        this.#at,
        lastSequence,
        lastTime > this.#lastTime ? lastTime : this.#lastTime,
      );
    }
    if (this.#at > this.#block) this.#endBlock();
    for (const consumer of consumers) this.#consumer(consumer);
    this.#push(tarEnd());
    this.#s2.flushTo(this.#options.write);
  }

  #endBlock(): void {
    const size = this.#at - this.#block;
    this.#push(tarFileHeader({ name: `msgs/${this.#number}.blk`, size }));
    this.#push(this.#kernels.bytes.subarray(this.#block, this.#at));
    this.#push(new Uint8Array(tarPadding(size)));
    this.#at = this.#block;
    this.#last = 0;
    this.#number++;
    this.#key = undefined;
  }

  /** The walk that the messages come from may have set its own. */
  #useKey(): void {
    this.#key ??= blockKey(this.#options.config.name, this.#number);
    this.#kernels.setHighwayKey(this.#key);
  }

  /** A block may hold one message that is larger than blocks are. */
  #makeRoomFor(bytes: number): void {
    const used = this.#at - this.#block;
    const capacity = Math.max(this.#capacity * 2, bytes + 64 * 1024);
    const block = this.#kernels.allocate(capacity + 64);
    this.#kernels.bytes.copyWithin(block, this.#block, this.#at);
    this.#block = block;
    this.#capacity = capacity;
    this.#at = block + used;
  }

  #consumer({ name, config, created, state }: ArchivedConsumer): void {
    const stream = this.#options.config.name;
    const meta = encoder.encode(JSON.stringify({ Created: created ?? this.#options.created, Name: name, ...config }));
    this.#file(`obs/${name}/meta.inf`, meta);
    this.#file(`obs/${name}/meta.sum`, encoder.encode(this.#sum(consumerKey(stream, name), meta)));
    if (state) this.#file(`obs/${name}/o.dat`, encodeConsumerState(state));
  }

  #sum(key: Uint8Array, content: Uint8Array): string {
    // One place for all: there can be thousands of consumers.
    this.#scratch ??= { at: this.#kernels.allocate(content.length), bytes: content.length };
    if (content.length > this.#scratch.bytes) {
      const bytes = Math.max(content.length, 2 * this.#scratch.bytes);
      this.#scratch = { at: this.#kernels.enlarge(this.#scratch.at, 0, bytes), bytes };
    }
    const { at } = this.#scratch;
    this.#kernels.bytes.set(content, at);
    this.#kernels.setHighwayKey(key);
    return checksumText(this.#kernels.highway64(at, content.length));
  }

  #file(name: string, content: Uint8Array): void {
    this.#push(tarFile(name, content));
  }

  #push(bytes: Uint8Array): void {
    this.#s2.pushTo(bytes, this.#options.write);
  }
}
