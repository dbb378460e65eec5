import { V2Writer } from "../../formats/archive/v2-writer.ts";
import { EntryRows, Kernels, RowFlag } from "../../formats/kernels/kernels.ts";
import type { Description } from "../../formats/natsarc/encode-natsarc.ts";
import type { CaptureSink } from "../../jetstream/capture/capture-sink.ts";
import type { SpoolFile } from "../files/spool-file.ts";

/** Bytes of messages that are encoded at a time. */
const areaBytes = 256 * 1024;
/** Encoded bytes that may wait for the disk before no more is asked for. */
const waitingBytes = 4 * 1024 * 1024;
/** Bytes that are written at a time. */
const writeBytes = 512 * 1024;

/** Writes captured messages as a v2 archive into a file: in batches, in the kernels' memory. */
export class CaptureWriter implements CaptureSink {
  readonly #file: SpoolFile;
  readonly #kernels = Kernels.create();
  readonly #rows = new EntryRows(this.#kernels, 2048);
  readonly #writer = new V2Writer(this.#kernels, { write: (piece) => this.#wait(piece) });
  #area = this.#kernels.allocate(areaBytes);
  #capacity = areaBytes;
  #used = 0;
  #count = 0;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #draining: Promise<void> | undefined;
  #error: unknown;

  /** Messages taken, and their first and last. */
  messages = 0;
  first = 0;
  last = 0;
  firstTime: bigint | undefined;
  lastTime: bigint | undefined;
  /** Bytes of the messages as a store in memory counts them. Source: nats-server server/memstore.go (`memStoreMsgSize`). */
  storedBytes = 0;
  /** Bytes of subjects, headers and payloads. */
  contentBytes = 0;

  /** The descriptions are as long as they can become. */
  constructor(file: SpoolFile, descriptions: readonly Description[]) {
    this.#file = file;
    this.#writer.begin(descriptions);
  }

  take(sequence: number, time: bigint, subject: Uint8Array, headers: Uint8Array, payload: Uint8Array): void {
    if (this.#error !== undefined) throw this.#error;
    const size = subject.length + headers.length + payload.length;
    if (this.#count === this.#rows.capacity || this.#used + size > this.#capacity) this.#encode();
    if (size > this.#capacity) {
      // Doubled, as memory that is left behind is lost.
      const capacity = Math.max(size, this.#capacity * 2);
      this.#area = this.#kernels.enlarge(this.#area, this.#capacity, capacity);
      this.#capacity = capacity;
    }
    const { bytes } = this.#kernels;
    const at = this.#area + this.#used;
    bytes.set(subject, at);
    bytes.set(headers, at + subject.length);
    bytes.set(payload, at + subject.length + headers.length);
    const rows = this.#rows;
    const row = this.#count++;
    rows.sequence[row] = sequence;
    rows.timestamp[row] = time;
    rows.flags[row] = headers.length > 0 ? RowFlag.headers : 0;
    rows.offset[row] = at;
    rows.nameLength[row] = subject.length;
    rows.headerLength[row] = headers.length;
    rows.payloadLength[row] = payload.length;
    this.#used += size;
    if (this.messages === 0) {
      this.first = sequence;
      this.firstTime = time;
    }
    this.messages++;
    this.last = sequence;
    this.lastTime = time;
    this.storedBytes += size + 16;
    this.contentBytes += size;
  }

  async room(): Promise<void> {
    while (this.#waitingBytes > waitingBytes && this.#error === undefined) await this.#drain();
    if (this.#error !== undefined) throw this.#error;
  }

  /** Writes the end, and the true descriptions into their place at the beginning. */
  async finish(descriptions: readonly Description[]): Promise<void> {
    this.#encode();
    const head = this.#writer.end(descriptions);
    while (this.#waitingBytes > 0 && this.#error === undefined) await this.#drain();
    if (this.#error !== undefined) throw this.#error;
    await this.#file.rewriteStart(head);
  }

  #encode(): void {
    if (this.#count === 0) return;
    const batch = { kernels: this.#kernels, rows: this.#rows, count: this.#count, start: this.#area, offset: 0 };
    this.#writer.messages(batch);
    this.#count = 0;
    this.#used = 0;
    if (this.#waitingBytes >= writeBytes) void this.#drain();
  }

  /** The piece is the writer's again after the call. */
  #wait(piece: Uint8Array): void {
    this.#waiting.push(piece.slice());
    this.#waitingBytes += piece.length;
  }

  /** Writes what waits now. Keeps the error for the next call. */
  #drain(): Promise<void> {
    this.#draining ??= this.#write().finally(() => {
      this.#draining = undefined;
    });
    return this.#draining;
  }

  async #write(): Promise<void> {
    const pieces = this.#waiting;
    const bytes = this.#waitingBytes;
    this.#waiting = [];
    try {
      await this.#file.write(Buffer.concat(pieces, bytes));
    } catch (error) {
      this.#error ??= error;
    }
    this.#waitingBytes -= bytes;
  }
}
