import { wasmBase64 } from "./wasm.generated.ts";

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
  recordStop(): number;
  recordNeed(): number;
  recordCount(): number;
  scanEntries(from: number, end: number, rows: number, ...columns: number[]): number;
  entriesStop(): number;
  entriesNeed(): number;
  entriesCount(): number;
}

export type ScanStop = "end" | "incomplete" | "full" | "bad-length" | "bad-hash" | "closing";
const stops: readonly ScanStop[] = ["end", "incomplete", "full", "bad-length", "bad-hash", "closing"];

export interface Scan {
  /** Rows written. */
  readonly count: number;
  /** Address after the last complete record. */
  readonly next: number;
  readonly stop: ScanStop;
  /** With `incomplete`: bytes that the record at `next` needs in all, as far as its head tells. */
  readonly need: number;
}

/** Flag bits of a row. */
export const RowFlag = { erased: 1, tombstone: 2, headers: 4, ttl: 8 } as const;

const pageBytes = 65_536;
let compiled: WebAssembly.Module | undefined;

/**
 * One instance of the WebAssembly kernels with a memory of its own. Cheap to create: the module is compiled once.
 * Addresses are plain numbers; nothing is freed, an instance is dropped as a whole.
 */
export class Kernels {
  readonly #memory: WebAssembly.Memory;
  readonly #exports: Exports;
  #top: number;
  #bytes: Uint8Array;
  #view: DataView;

  private constructor() {
    compiled ??= new WebAssembly.Module(fromBase64(wasmBase64));
    this.#memory = new WebAssembly.Memory({ initial: 4, maximum: 16_384 });
    const instance = new WebAssembly.Instance(compiled, {
      env: {
        memory: this.#memory,
        abort: () => {
          throw new Error("a kernel aborted");
        },
      },
    });
    this.#exports = instance.exports as unknown as Exports;
    this.#bytes = new Uint8Array(this.#memory.buffer);
    this.#view = new DataView(this.#memory.buffer);
    this.#exports.init();
    this.#top = (this.#exports.heapBase() + 63) & ~63;
  }

  static create(): Kernels {
    return new Kernels();
  }

  /** All of the memory. To be read anew after anything that may have grown it. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get view(): DataView {
    return this.#view;
  }

  /** Address of `bytes` new bytes, aligned to 64, with 64 bytes of slack behind them. */
  allocate(bytes: number): number {
    const at = this.#top;
    this.#top = (at + bytes + 64 + 63) & ~63;
    // The slack of the last area, and over-reads behind it, stay inside the memory.
    const missing = this.#top + 64 - this.#memory.buffer.byteLength;
    if (missing > 0) {
      this.#memory.grow(Math.ceil(missing / pageBytes));
      this.#bytes = new Uint8Array(this.#memory.buffer);
      this.#view = new DataView(this.#memory.buffer);
    }
    return at;
  }

  /** 0, or negative for a corrupt block. */
  s2DecodeBlock(src: number, srcEnd: number, dst: number, dstEnd: number): number {
    return this.#exports.s2DecodeBlock(src, srcEnd, dst, dstEnd);
  }

  /** Bytes written to `dst`, which needs n + n / 6 + 96; 0 where compressing is not worth it. */
  s2EncodeBlock(src: number, srcEnd: number, dst: number): number {
    return this.#exports.s2EncodeBlock(src, srcEnd, dst);
  }

  /** CRC-32C, unmasked. */
  crc32c(at: number, length: number, seed = 0): number {
    return this.#exports.crc32c(at, length, seed) >>> 0;
  }

  #keyAt = 0;

  setHighwayKey(key: Uint8Array): void {
    if (key.length !== 32) throw new RangeError("a HighwayHash key has 32 bytes");
    if (this.#keyAt === 0) this.#keyAt = this.allocate(32);
    this.#bytes.set(key, this.#keyAt);
    this.#exports.highwayKey(this.#keyAt);
  }

  /** HighwayHash-64 with the key that was set. */
  highway64(at: number, length: number): bigint {
    return BigInt.asUintN(64, this.#exports.highway64(at, length));
  }

  /** Scans filestore records; their hashes are checked with the key that was set, unless `verify` is false. */
  scanRecords(at: number, end: number, rows: RecordRows, verify: boolean): Scan {
    const exports = this.#exports;
    const next = exports.scanRecords(at, end, rows.capacity, verify ? 1 : 0, ...rows.addresses);
    return {
      count: exports.recordCount(),
      next,
      stop: stops[exports.recordStop()] as ScanStop,
      need: exports.recordNeed(),
    };
  }

  /** Scans message entries of a NATSARC1 archive; `closing` when an entry with sequence 0 comes next. */
  scanEntries(at: number, end: number, rows: EntryRows): Scan {
    const exports = this.#exports;
    const next = exports.scanEntries(at, end, rows.capacity, ...rows.addresses);
    return {
      count: exports.entriesCount(),
      next,
      stop: stops[exports.entriesStop()] as ScanStop,
      need: exports.entriesNeed(),
    };
  }
}

/** Columns of what was scanned, in kernel memory; the views are valid until that memory grows. */
class Rows {
  readonly capacity: number;
  readonly addresses: readonly number[];
  readonly #kernels: Kernels;
  #sequence: Float64Array | undefined;
  #timestamp: BigInt64Array | undefined;
  #flags: Uint8Array | undefined;
  #u32: Uint32Array[] = [];

  constructor(kernels: Kernels, capacity: number, widths: readonly number[]) {
    this.#kernels = kernels;
    this.capacity = capacity;
    this.addresses = widths.map((width) => kernels.allocate(capacity * width));
  }

  #fresh(): void {
    const buffer = this.#kernels.bytes.buffer;
    if (this.#sequence?.buffer === buffer) return;
    const at = (column: number): number => this.addresses[column] as number;
    this.#sequence = new Float64Array(buffer, at(0), this.capacity);
    this.#timestamp = new BigInt64Array(buffer, at(1), this.capacity);
    this.#flags = new Uint8Array(buffer, at(2), this.capacity);
    this.#u32 = this.addresses.map((address) => new Uint32Array(buffer, address & ~3, this.capacity));
  }

  /** Without the erase and tombstone bits. */
  get sequence(): Float64Array {
    this.#fresh();
    return this.#sequence as Float64Array;
  }

  /** Nanoseconds since 1970. */
  get timestamp(): BigInt64Array {
    this.#fresh();
    return this.#timestamp as BigInt64Array;
  }

  /** Bits of {@link RowFlag}. */
  get flags(): Uint8Array {
    this.#fresh();
    return this.#flags as Uint8Array;
  }

  /** Address of the record, or of an entry's name. */
  get offset(): Uint32Array {
    return this.u32(3);
  }

  get headerLength(): Uint32Array {
    return this.u32(5);
  }

  get payloadLength(): Uint32Array {
    return this.u32(6);
  }

  protected u32(column: number): Uint32Array {
    this.#fresh();
    return this.#u32[column] as Uint32Array;
  }

  protected get kernels(): Kernels {
    return this.#kernels;
  }
}

export class RecordRows extends Rows {
  constructor(kernels: Kernels, capacity = 4096) {
    super(kernels, capacity, [8, 8, 1, 4, 2, 4, 4]);
  }

  get subjectLength(): Uint16Array {
    return new Uint16Array(this.kernels.bytes.buffer, this.addresses[4] as number, this.capacity);
  }
}

export class EntryRows extends Rows {
  constructor(kernels: Kernels, capacity = 4096) {
    super(kernels, capacity, [8, 8, 1, 4, 4, 4, 4]);
  }

  get nameLength(): Uint32Array {
    return this.u32(4);
  }
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index);
  return bytes;
}
