import { emptyBlockIndex } from "../filestore/empty-block-index.ts";
import { encodeConsumerState } from "../filestore/encode-consumer-state.ts";
import { blockKey, checksumText, consumerKey, streamKey } from "../filestore/highway-keys.ts";
import type { Kernels } from "../kernels/kernels.ts";
import { S2Encoder } from "../s2/s2-encoder.ts";
import { tarPadding } from "../tar/tar-header.ts";
import { tarEnd, tarFile, tarFileHeader } from "../tar/tar-writer.ts";
import type { ArchivedConsumer } from "./archive-report.ts";
import type { EntryBatch } from "./archive-sink.ts";
import { BlockMemory, type BlockTurns } from "./block-memory.ts";
import { SourceProgress } from "./source-progress.ts";
import { StoreIndex } from "./store-index.ts";

export interface V1WriterOptions {
  /** The configuration of the stream to be, in the fields that its server knows. */
  readonly config: { readonly name: string; readonly [key: string]: unknown };
  /** RFC 3339. */
  readonly created: string;
  /** False stores S2 blocks uncompressed: for links that are faster than the encoder. Default true. */
  readonly compress?: boolean;
  /** Note the last sequence of an empty stream as nats-server 2.9 does, which does not find it in a record. */
  readonly emptyAsIn29?: boolean;
  /**
   * Add an `index.db`, with which servers from 2.10 on need not read all blocks again before the stream is there. Left out
   * nonetheless where it would not be exact, or large: see {@link StoreIndex}. Default false.
   */
  readonly index?: boolean;
  /**
   * Say how far the stream has come in its sources: origins that were restored beside it, with the last sequence of each. For
   * servers from 2.15 on. See {@link SourceProgress}.
   */
  readonly restoredOrigins?: Readonly<Record<string, number>> | undefined;
  /** Receives the archive piece by piece; a piece is valid only during the call, or `inBlock` as `turns` say. */
  readonly write: (piece: Uint8Array, inBlock?: boolean) => void;
  /** Default: one block's memory for all. */
  readonly turns?: BlockTurns | undefined;
}

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
  readonly #memory: BlockMemory;
  #at: number;
  #number = 1;
  #scratch: { readonly at: number; readonly bytes: number } | undefined;
  /** Of the current block; undefined until it is needed. */
  #key: Uint8Array | undefined;
  /** Last sequence in the current block, 0 when it is empty. */
  #last = 0;
  #lastTime = 0n;
  /** Of the last record of the last block. */
  #lastChecksum = 0n;
  readonly #index: StoreIndex | undefined;
  readonly #sources: SourceProgress | undefined;

  /** `kernels`: those whose memory the batches lie in. */
  constructor(kernels: Kernels, options: V1WriterOptions) {
    this.#kernels = kernels;
    this.#options = options;
    this.#s2 = new S2Encoder(kernels, { compress: options.compress ?? true });
    this.#memory = new BlockMemory(kernels, options.turns);
    this.#at = this.#memory.start;
    const { config, created } = options;
    if (options.index && isIndexable(config)) this.#index = new StoreIndex(kernels);
    if (options.restoredOrigins) this.#sources = new SourceProgress(options.restoredOrigins);
    const meta = encoder.encode(JSON.stringify({ Created: created, ...config }));
    this.#file("meta.inf", meta);
    this.#file("meta.sum", encoder.encode(this.#sum(streamKey(config.name), meta)));
  }

  /** Takes live messages, as a walk through a v2 archive hands them out. */
  messages(batch: EntryBatch): void {
    const { rows, count } = batch;
    this.#sources?.messages(batch);
    for (let row = 0; row < count; ) {
      this.#useKey();
      const built = this.#kernels.buildRecords(rows, row, count, {
        out: this.#at,
        outEnd: this.#memory.end,
        last: this.#last,
        maxFill,
      });
      if (built.count > 0) this.#index?.records(rows, row, row + built.count, this.#number);
      row += built.count;
      this.#at = built.next;
      if (built.count > 0) {
        this.#last = rows.sequence[row - 1] as number;
        this.#lastTime = rows.timestamp[row - 1] as bigint;
      }
      if (built.stop === "end") continue;
      if (this.#at > this.#memory.start) this.#endBlock();
      else
        this.#makeRoomFor((rows.nameLength[row] ?? 0) + (rows.headerLength[row] ?? 0) + (rows.payloadLength[row] ?? 0));
    }
  }

  /**
   * Writes what remains: the stream's last sequence and its time where it lies behind the last message, the consumers, the
   * end. A time before the last message's is not taken: times do not go back in a block.
   */
  end(lastSequence: number, lastTime: bigint, consumers: readonly ArchivedConsumer[]): void {
    const nothing = this.#number === 1 && this.#at === this.#memory.start;
    if (nothing && lastSequence > 0 && this.#options.emptyAsIn29) {
      this.#file("msgs/1.idx", emptyBlockIndex(lastSequence));
      this.#file("msgs/1.blk", new Uint8Array(0));
    } else if (lastSequence > this.#last) {
      this.#index?.giveUp();
      // Servers note the sequences missing inside a block one by one, so a large gap begins another block.
      if (this.#last > 0 && lastSequence - this.#last > maxFill) this.#endBlock();
      if (this.#at + 30 > this.#memory.end) this.#makeRoomFor(30);
      this.#useKey();
      this.#at = this.#kernels.buildSkipped(
        this.#at,
        lastSequence,
        lastTime > this.#lastTime ? lastTime : this.#lastTime,
      );
    }
    if (this.#at > this.#memory.start) this.#endBlock();
    this.#writeIndex();
    const sources = this.#sources?.encode(lastSequence);
    if (sources) this.#file("sources.db", sources);
    for (const consumer of consumers) this.#consumer(consumer);
    this.#push(tarEnd());
    this.#s2.flushTo(this.#options.write);
  }

  #endBlock(): void {
    const { start } = this.#memory;
    const size = this.#at - start;
    this.#index?.blockEnd(this.#number, size);
    this.#lastChecksum = this.#kernels.view.getBigUint64(this.#at - 8, true);
    this.#push(tarFileHeader({ name: `msgs/${this.#number}.blk`, size }));
    this.#push(this.#kernels.bytes.subarray(start, this.#at));
    this.#push(new Uint8Array(tarPadding(size)));
    this.#memory.advance();
    this.#at = this.#memory.start;
    this.#last = 0;
    this.#number++;
    this.#key = undefined;
  }

  /** The walk that the messages come from may have set its own. */
  #useKey(): void {
    this.#key ??= blockKey(this.#options.config.name, this.#number);
    this.#kernels.setHighwayKey(this.#key);
  }

  #makeRoomFor(bytes: number): void {
    const used = this.#at - this.#memory.start;
    this.#memory.enlarge(used, bytes);
    this.#at = this.#memory.start + used;
  }

  #consumer({ name, config, created, state }: ArchivedConsumer): void {
    const stream = this.#options.config.name;
    const meta = encoder.encode(JSON.stringify({ Created: created ?? this.#options.created, Name: name, ...config }));
    this.#file(`obs/${name}/meta.inf`, meta);
    this.#file(`obs/${name}/meta.sum`, encoder.encode(this.#sum(consumerKey(stream, name), meta)));
    if (state) this.#file(`obs/${name}/o.dat`, encodeConsumerState(state));
  }

  #writeIndex(): void {
    const index = this.#index?.encode(this.#lastChecksum);
    if (!index) return;
    const file = new Uint8Array(index.length + 8);
    file.set(index);
    const hash = this.#hash(streamKey(this.#options.config.name), index);
    new DataView(file.buffer).setBigUint64(index.length, hash, true);
    this.#file("msgs/index.db", file);
  }

  #sum(key: Uint8Array, content: Uint8Array): string {
    return checksumText(this.#hash(key, content));
  }

  #hash(key: Uint8Array, content: Uint8Array): bigint {
    // One place for all: there can be thousands of consumers.
    this.#scratch ??= { at: this.#kernels.allocate(content.length), bytes: content.length };
    if (content.length > this.#scratch.bytes) {
      const bytes = Math.max(content.length, 2 * this.#scratch.bytes);
      this.#scratch = { at: this.#kernels.enlarge(this.#scratch.at, 0, bytes), bytes };
    }
    const { at } = this.#scratch;
    this.#kernels.bytes.set(content, at);
    this.#kernels.setHighwayKey(key);
    return this.#kernels.highway64(at, content.length);
  }

  #file(name: string, content: Uint8Array): void {
    this.#push(tarFile(name, content));
  }

  #push(bytes: Uint8Array): void {
    this.#s2.pushTo(bytes, this.#options.write);
  }
}

/** Not where a server keeps more of messages than what they are, or nothing of their subjects. */
function isIndexable(config: V1WriterOptions["config"]): boolean {
  if (config.allow_msg_ttl === true || config.allow_msg_schedules === true) return false;
  const listed = (value: unknown): boolean => Array.isArray(value) && value.length > 0;
  return listed(config.subjects) || listed(config.sources) || Boolean(config.mirror);
}
