import type { EntryRows, RecordRows } from "./rows.ts";
import { wasmBase64 } from "./wasm.generated.ts";

export { EntryRows, RecordRows, RowFlag } from "./rows.ts";

/** The functions of kernels/index.ts. */
interface Exports {
  init(): void;
  heapBase(): number;
  s2DecodeBlock(src: number, srcEnd: number, dst: number, dstEnd: number): number;
  s2EncodeBlock(src: number, srcEnd: number, dst: number): number;
  crc32c(at: number, length: number, seed: number): number;
  highwayKey(at: number): void;
  highway64(at: number, length: number): bigint;
  scanRecords(from: number, end: number, rows: number, verify: number, ...columns: number[]): number;
  scannedRecords(): number;
  recordsStop(): number;
  recordsNeed(): number;
  scanEntries(from: number, end: number, rows: number, ...columns: number[]): number;
  scannedEntries(): number;
  entriesStop(): number;
  entriesNeed(): number;
  buildRecords(
    from: number,
    rows: number,
    out: number,
    outEnd: number,
    last: number,
    maxFill: number,
    ...columns: number[]
  ): number;
  buildEntries(from: number, rows: number, out: number, outEnd: number, ...columns: number[]): number;
  builtEntries(): number;
  buildSkipped(out: number, sequence: number, time: bigint): number;
  countSubjects(
    from: number,
    rows: number,
    offsets: number,
    names: number,
    block: number,
    table: number,
    mask: number,
    room: number,
    arena: number,
    arenaEnd: number,
  ): number;
  moveSubjects(table: number, mask: number, larger: number, largerMask: number): void;
  subjectsCounted(): number;
  subjectsRoom(): number;
  builtRows(): number;
  buildStopped(): number;
}

/**
 * Why a scan stopped. `end`: everything up to the end is scanned. `incomplete`: the last one is cut, bytes are missing.
 * `full`: the rows are. `bad-length`: lengths contradict each other or pass the limits, or a sequence is 2^53 or more.
 * `bad-hash`: the stored hash is not that of the record. `closing` (entries only): an entry with sequence 0 is next.
 */
export type ScanStop = "end" | "incomplete" | "full" | "bad-length" | "bad-hash" | "closing";
const stops: readonly ScanStop[] = ["end", "incomplete", "full", "bad-length", "bad-hash", "closing"];

/** What a scan did. */
export interface Scan {
  /** Rows written, from 0 on. */
  readonly count: number;
  /** Address after the last complete record. */
  readonly next: number;
  readonly stop: ScanStop;
  /** With `incomplete`: bytes that the record at `next` needs in all, as far as its head tells; else 0. */
  readonly need: number;
}
export type RecordScan = Scan;
export type EntryScan = Scan;

/** Bytes behind every area that kernels read or write, and may touch there: short copies move 16 bytes at a time. */
export const slackBytes = 64;

const pageBytes = 65_536;
const compiled: { own?: WebAssembly.Module; shared?: WebAssembly.Module } = {};

/**
 * One instance of the WebAssembly kernels (kernels/) with a memory of its own, at most 1 GiB. Cheap to create: the module
 * is compiled once. Addresses are plain numbers; nothing is freed but all at once.
 */
export class Kernels {
  readonly #memory: WebAssembly.Memory;
  readonly #exports: Exports;
  #keyAt: number;
  #top: number;
  #bytes: Uint8Array;
  #view: DataView;

  private constructor(shared: boolean) {
    const kind = shared ? "shared" : "own";
    compiled[kind] ??= new WebAssembly.Module(shared ? withSharedMemory(wasm()) : wasm());
    this.#memory = new WebAssembly.Memory({ initial: 4, maximum: 16_384, shared });
    const instance = new WebAssembly.Instance(compiled[kind], { env: { memory: this.#memory } });
    this.#exports = instance.exports as unknown as Exports;
    this.#bytes = new Uint8Array(this.#memory.buffer);
    this.#view = new DataView(this.#memory.buffer);
    this.#exports.init();
    this.#top = aligned(this.#exports.heapBase());
    this.#keyAt = this.allocate(32);
  }

  /**
   * A new instance, at once. `shared`: its memory is a SharedArrayBuffer, which other threads can read where it is. What is
   * taken of {@link bytes} sees no bytes that the memory grew by later.
   */
  static create({ shared = false } = {}): Kernels {
    return new Kernels(shared);
  }

  /** All of the memory. To be read anew after anything that may have grown it. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** The same as a DataView. */
  get view(): DataView {
    return this.#view;
  }

  /**
   * Begins anew, in the same memory, for the next archive: whatever was allocated is free, and who still uses it must not.
   * An instance whose memory has grown a lot is better dropped: see {@link memoryBytes}.
   */
  reset(): void {
    this.#top = aligned(this.#exports.heapBase());
    this.#keyAt = this.allocate(32);
  }

  /** Bytes of memory that this instance holds. */
  get memoryBytes(): number {
    return this.#memory.buffer.byteLength;
  }

  /** Address of `bytes` new bytes, which may hold anything, aligned to 64, with {@link slackBytes} behind them. Throws RangeError past 1 GiB. */
  allocate(bytes: number): number {
    const at = this.#top;
    this.#raise(aligned(at + bytes + slackBytes));
    return at;
  }

  /**
   * An area of `wanted` bytes that begins with what the area of `bytes` bytes at `at` holds. The newest area grows where
   * it is, any other is copied and its old place is lost.
   */
  enlarge(at: number, bytes: number, wanted: number): number {
    if (this.#top === aligned(at + bytes + slackBytes)) {
      this.#raise(Math.max(this.#top, aligned(at + wanted + slackBytes)));
      return at;
    }
    const to = this.allocate(wanted);
    this.#bytes.copyWithin(to, at, at + bytes);
    return to;
  }

  #raise(top: number): void {
    // One slack more, so that over-reads behind the last area stay inside the memory.
    const missing = top + slackBytes - this.#memory.buffer.byteLength;
    if (missing > 0) {
      this.#memory.grow(Math.ceil(missing / pageBytes));
      this.#bytes = new Uint8Array(this.#memory.buffer);
      this.#view = new DataView(this.#memory.buffer);
    }
    this.#top = top;
  }

  /**
   * Decodes the body of one S2 or Snappy block, which must fill [dst, dstEnd) exactly: 0, or negative for a corrupt block.
   * Both areas need their slack; nothing outside them is written, whatever the input.
   */
  s2DecodeBlock(src: number, srcEnd: number, dst: number, dstEnd: number): number {
    return this.#exports.s2DecodeBlock(src, srcEnd, dst, dstEnd);
  }

  /** Encodes one S2 block: bytes written to `dst`, which needs n + n / 6 + 96; 0 where compressing is not worth it. */
  s2EncodeBlock(src: number, srcEnd: number, dst: number): number {
    return this.#exports.s2EncodeBlock(src, srcEnd, dst);
  }

  /** CRC-32C, unmasked, unsigned. `seed` is the CRC of what went before. */
  crc32c(at: number, length: number, seed = 0): number {
    return this.#exports.crc32c(at, length, seed) >>> 0;
  }

  /** Sets the key of {@link highway64} and {@link scanRecords}: 32 bytes. */
  setHighwayKey(key: Uint8Array): void {
    if (key.length !== 32) throw new RangeError(`a HighwayHash key has 32 bytes, not ${key.length}`);
    this.#bytes.set(key, this.#keyAt);
    this.#exports.highwayKey(this.#keyAt);
  }

  /** HighwayHash-64 with the key that was set; as stored, it is the little-endian u64. */
  highway64(at: number, length: number): bigint {
    return BigInt.asUintN(64, this.#exports.highway64(at, length));
  }

  /**
   * Scans filestore records from `at` up to `end`, as far as they are complete and sound and rows are left. Each hash is
   * checked with the key that was set, unless `verify` is false. Source: nats-server server/filestore.go.
   */
  scanRecords(at: number, end: number, rows: RecordRows, verify: boolean): RecordScan {
    const exports = this.#exports;
    const next = exports.scanRecords(at, end, rows.capacity, verify ? 1 : 0, ...rows.addresses) >>> 0;
    return scan(exports.scannedRecords(), next, exports.recordsStop(), exports.recordsNeed());
  }

  /** Scans message entries of a NATSARC1 archive likewise. Source: nats-server server/archive/archive.go. */
  scanEntries(at: number, end: number, rows: EntryRows): EntryScan {
    const exports = this.#exports;
    const next = exports.scanEntries(at, end, rows.capacity, ...rows.addresses) >>> 0;
    return scan(exports.scannedEntries(), next, exports.entriesStop(), exports.entriesNeed());
  }

  /**
   * Builds filestore records of the rows from `from` to `count` at `out`, hashed with the key that was set, as long as they
   * end at or before `outEnd`. Up to `maxFill` missing sequences after `last` (0: none before) become records that say so.
   * Source: nats-server server/filestore.go (`writeMsgRecordLocked`, `SkipMsg`).
   */
  buildRecords(
    rows: EntryRows,
    from: number,
    count: number,
    target: Area & { readonly last: number; readonly maxFill: number },
  ): RecordBuild {
    const exports = this.#exports;
    const { out, outEnd, last, maxFill } = target;
    const next = exports.buildRecords(from, count, out, outEnd, last, maxFill, ...rows.addresses) >>> 0;
    const stop = (["end", "full", "gap"] as const)[exports.buildStopped()] ?? "end";
    return { count: exports.builtRows(), next, stop };
  }

  /**
   * Builds message entries of a NATSARC1 archive of the rows from `from` to `count` at `out`, as long as they are sure to end
   * at or before `outEnd`: one needs its bytes and 50 more. Source: nats-server server/archive/archive.go.
   */
  buildEntries(rows: EntryRows, from: number, count: number, target: Area): EntryBuild {
    const exports = this.#exports;
    const next = exports.buildEntries(from, count, target.out, target.outEnd, ...rows.addresses) >>> 0;
    return { count: exports.builtEntries(), next };
  }

  /**
   * Counts the subjects of the rows from `from` to `count`, which lie in `block`, until the table or the arena is full. The
   * table's slots are described in kernels/subject-count.ts.
   */
  countSubjects(rows: EntryRows, from: number, count: number, block: number, table: SubjectSlots): SubjectCount {
    const exports = this.#exports;
    const { at, slots, room, arena, arenaEnd } = table;
    const [offsets, names] = [rows.addresses[3] as number, rows.addresses[4] as number];
    const next = exports.countSubjects(from, count, offsets, names, block, at, slots - 1, room, arena, arenaEnd) >>> 0;
    return { count: exports.subjectsCounted(), room: exports.subjectsRoom(), arena: next };
  }

  /** Moves the slots of one table to a larger one, which is all zeros. */
  moveSubjects(from: { at: number; slots: number }, to: { at: number; slots: number }): void {
    this.#exports.moveSubjects(from.at, from.slots - 1, to.at, to.slots - 1);
  }

  /** Builds one record that marks `sequence` as skipped; returns the address behind its 30 bytes. */
  buildSkipped(out: number, sequence: number, time: bigint): number {
    return this.#exports.buildSkipped(out, sequence, time) >>> 0;
  }
}

/** Addresses between which something is to be built. */
export interface Area {
  readonly out: number;
  readonly outEnd: number;
}

/** A table of subjects, and where new ones go. */
export interface SubjectSlots {
  readonly at: number;
  /** A power of two. */
  readonly slots: number;
  /** Slots that may still be taken. */
  readonly room: number;
  readonly arena: number;
  readonly arenaEnd: number;
}

/** What a count of subjects did. */
export interface SubjectCount {
  /** Rows counted. */
  readonly count: number;
  readonly room: number;
  readonly arena: number;
}

/** What a build of entries did. */
export interface EntryBuild {
  /** Rows taken. */
  readonly count: number;
  /** Address behind the last entry. */
  readonly next: number;
}

/** What a build of records did. */
export interface RecordBuild {
  /** Rows taken. */
  readonly count: number;
  /** Address behind the last record. */
  readonly next: number;
  /** `full`: the next record does not fit. `gap`: so many sequences are missing before it that it belongs into another block. */
  readonly stop: "end" | "full" | "gap";
}

function scan(count: number, next: number, stop: number, need: number): Scan {
  return { count, next, stop: stops[stop] as ScanStop, need: need >>> 0 };
}

function aligned(address: number): number {
  return Math.ceil(address / 64) * 64;
}

/** The same module for a memory that threads share: the flags of the one memory that it imports say so. */
function withSharedMemory(module: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  // Import "env" "memory", of kind memory, with a maximum. Source: WebAssembly core specification, binary format of imports.
  const unshared = [3, ...new TextEncoder().encode("env"), 6, ...new TextEncoder().encode("memory"), 2, 1];
  const at = module.findIndex((_, start) => unshared.every((byte, index) => module[start + index] === byte));
  if (at < 0) throw new Error("the kernels import no memory");
  module[at + unshared.length - 1] = 3;
  return module;
}

function wasm(): Uint8Array<ArrayBuffer> {
  const binary = atob(wasmBase64);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index);
  return bytes;
}
