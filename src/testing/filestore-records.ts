import { blockKey } from "../formats/filestore/highway-keys.ts";
import { Kernels } from "../formats/kernels/kernels.ts";

/** A record as a test wants it in a block; defaults are a plain message. */
export interface TestRecord {
  readonly sequence: number;
  readonly time?: bigint;
  readonly subject?: string;
  /** A whole header block. */
  readonly headers?: string;
  readonly payload?: string | Uint8Array;
  readonly erased?: boolean;
  readonly tombstone?: boolean;
}

const encoder = new TextEncoder();
const maxRecord = 40 * 1024 * 1024;

/** Writes blocks of a filestore, for tests: every record with a right checksum. */
export class BlockWriter {
  readonly #kernels = Kernels.create();
  #at = 0;
  #capacity = 0;

  /** The content of `msgs/<block>.blk` of a stream. */
  block(stream: string, block: number, records: readonly TestRecord[]): Uint8Array {
    this.#kernels.setHighwayKey(blockKey(stream, block));
    const parts = records.map((record) => this.#record(record));
    const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  #record(record: TestRecord): Uint8Array {
    const subject = encoder.encode(record.subject ?? "");
    const headers = record.headers === undefined ? undefined : encoder.encode(record.headers);
    const { payload = "" } = record;
    const body = typeof payload === "string" ? encoder.encode(payload) : payload;
    const length = 22 + subject.length + (headers ? 4 + headers.length : 0) + body.length + 8;
    if (length > maxRecord) throw new RangeError("too large a record");
    const bytes = new Uint8Array(length);
    const view = new DataView(bytes.buffer);
    const flags = (record.erased ? 1n << 63n : 0n) | (record.tombstone ? 1n << 62n : 0n);
    view.setUint32(0, length + (headers ? 2 ** 31 : 0), true);
    view.setBigUint64(4, BigInt(record.sequence) | flags, true);
    view.setBigInt64(12, record.time ?? 1_700_000_000_000_000_000n + BigInt(record.sequence), true);
    view.setUint16(20, subject.length, true);
    bytes.set(subject, 22);
    let at = 22 + subject.length;
    if (headers) {
      view.setUint32(at, headers.length, true);
      bytes.set(headers, at + 4);
      at += 4 + headers.length;
    }
    bytes.set(body, at);
    const hashed = [bytes.subarray(4, 20), subject, headers ?? new Uint8Array(0), body];
    view.setBigUint64(length - 8, this.#hash(hashed, length), true);
    return bytes;
  }

  #hash(parts: readonly Uint8Array[], capacity: number): bigint {
    if (capacity > this.#capacity) {
      this.#capacity = capacity * 2;
      this.#at = this.#kernels.allocate(this.#capacity);
    }
    let length = 0;
    for (const part of parts) {
      this.#kernels.bytes.set(part, this.#at + length);
      length += part.length;
    }
    return this.#kernels.highway64(this.#at, length);
  }
}
