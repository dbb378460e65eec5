import type { Kernels } from "./kernels.ts";

/** Flag bits of a row: what a scan learned about a record or an entry. */
export const RowFlag = {
  /** The record was erased, or marks a skipped sequence (bit 63 of the stored sequence). */
  erased: 1,
  /** The record says that the message with this sequence is gone (bit 62). */
  tombstone: 2,
  /** There is a header block. */
  headers: 4,
  /** The header block has a field `Nats-TTL`. */
  ttl: 8,
} as const;

interface Views {
  readonly buffer: ArrayBufferLike;
  readonly sequence: Float64Array;
  readonly timestamp: BigInt64Array;
  readonly flags: Uint8Array;
  readonly offset: Uint32Array;
  /** Subject lengths of records, as the record stores them. */
  readonly subjectLength: Uint16Array;
  /** Name lengths of entries. The same area: a scan fills one of the two. */
  readonly nameLength: Uint32Array;
  readonly headerLength: Uint32Array;
  readonly payloadLength: Uint32Array;
}

const widths = [8, 8, 1, 4, 4, 4, 4] as const;

/**
 * Columns of scanned rows, in kernel memory. One object serves any number of scans. The typed arrays are made anew when
 * the memory grows, so take them from the object after every call that may have grown it; between such calls hold them.
 */
abstract class Rows {
  readonly capacity: number;
  /** Addresses of the columns, in the order in which the kernels take them. */
  readonly addresses: readonly number[];
  readonly #kernels: Kernels;
  #current: Views | undefined;

  constructor(kernels: Kernels, capacity: number) {
    this.#kernels = kernels;
    this.capacity = capacity;
    this.addresses = widths.map((width) => kernels.allocate(capacity * width));
  }

  /** Sequences, without the erase and tombstone bits; always exact, since a scan stops at 2^53. */
  get sequence(): Float64Array {
    return this.views.sequence;
  }

  /** Nanoseconds since 1970. */
  get timestamp(): BigInt64Array {
    return this.views.timestamp;
  }

  /** Bits of {@link RowFlag}. */
  get flags(): Uint8Array {
    return this.views.flags;
  }

  /** Address of the record, or of an entry's name. */
  get offset(): Uint32Array {
    return this.views.offset;
  }

  /** Bytes of the header block, 0 without one. */
  get headerLength(): Uint32Array {
    return this.views.headerLength;
  }

  /** Bytes of the payload. */
  get payloadLength(): Uint32Array {
    return this.views.payloadLength;
  }

  protected get views(): Views {
    const { buffer } = this.#kernels.bytes;
    if (this.#current?.buffer === buffer) return this.#current;
    const at = (column: number): number => this.addresses[column] as number;
    const { capacity } = this;
    this.#current = {
      buffer,
      sequence: new Float64Array(buffer, at(0), capacity),
      timestamp: new BigInt64Array(buffer, at(1), capacity),
      flags: new Uint8Array(buffer, at(2), capacity),
      offset: new Uint32Array(buffer, at(3), capacity),
      subjectLength: new Uint16Array(buffer, at(4), capacity),
      nameLength: new Uint32Array(buffer, at(4), capacity),
      headerLength: new Uint32Array(buffer, at(5), capacity),
      payloadLength: new Uint32Array(buffer, at(6), capacity),
    };
    return this.#current;
  }
}

/**
 * Filestore records. `offset` is the record's first byte: the subject begins 22 bytes behind it; the header, where there
 * is one, 26 bytes + subjectLength; the payload there + headerLength (without a header: 22 bytes + subjectLength).
 */
export class RecordRows extends Rows {
  /** @param capacity most rows of one scan */
  constructor(kernels: Kernels, capacity = 4096) {
    super(kernels, capacity);
  }

  /** Bytes of the subject. */
  get subjectLength(): Uint16Array {
    return this.views.subjectLength;
  }
}

/** Message entries of a NATSARC1 archive. `offset` is the first byte of the name; header and payload follow the name. */
export class EntryRows extends Rows {
  /** @param capacity most rows of one scan */
  constructor(kernels: Kernels, capacity = 4096) {
    super(kernels, capacity);
  }

  /** Bytes of the name, which is the message's subject. */
  get nameLength(): Uint32Array {
    return this.views.nameLength;
  }
}
