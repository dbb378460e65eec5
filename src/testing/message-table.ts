import { hash } from "node:crypto";

/** One live message as it is compared. */
export interface StreamMessage {
  readonly sequence: number;
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  readonly subject: string;
  /** Bytes of the header block, 0 where the message has none. */
  readonly headerSize: number;
  readonly payloadSize: number;
  /** First 16 bytes of the SHA-256, in hex; "" where there is no header. */
  readonly headerHash: string;
  readonly payloadHash: string;
  /** The bytes themselves, where the table keeps them. */
  readonly headers?: Uint8Array;
  readonly payload?: Uint8Array;
}

const digestSize = 16;

/**
 * All messages of a stream in ascending sequence, as columns: a million of them take some 80 MB, not a heap of objects.
 *
 * Header and payload are hashed apart, so that a comparison can say which of the two differs. With `keepContent` the
 * bytes stay too.
 */
export class MessageTable implements Iterable<StreamMessage> {
  #length = 0;
  #sequences = new Float64Array(1024);
  #times = new BigInt64Array(1024);
  #subjects = new Uint32Array(1024);
  #headerSizes = new Uint32Array(1024);
  #payloadSizes = new Uint32Array(1024);
  #headerDigests = new Uint8Array(1024 * digestSize);
  #payloadDigests = new Uint8Array(1024 * digestSize);
  readonly #subjectIds = new Map<string, number>();
  readonly #subjectNames: string[] = [];
  readonly #content: { readonly headers: Uint8Array; readonly payload: Uint8Array }[] | undefined;

  constructor(options: { readonly keepContent?: boolean } = {}) {
    this.#content = options.keepContent ? [] : undefined;
  }

  get length(): number {
    return this.#length;
  }

  /** Adds a message; its sequence must be higher than all before. Copies what it keeps. */
  push(sequence: number, time: bigint, subject: string, headers: Uint8Array, payload: Uint8Array): void {
    const i = this.#length;
    if (i > 0 && sequence <= (this.#sequences[i - 1] ?? 0)) {
      throw new Error(`sequence ${sequence} came after ${this.#sequences[i - 1]}`);
    }
    if (i === this.#sequences.length) this.#grow();
    this.#sequences[i] = sequence;
    this.#times[i] = time;
    this.#subjects[i] = this.#subjectId(subject);
    this.#headerSizes[i] = headers.length;
    this.#payloadSizes[i] = payload.length;
    if (headers.length > 0) this.#headerDigests.set(digest(headers), i * digestSize);
    this.#payloadDigests.set(digest(payload), i * digestSize);
    this.#content?.push({ headers: headers.slice(), payload: payload.slice() });
    this.#length = i + 1;
  }

  /** The message at a position, 0 being the first. */
  at(index: number): StreamMessage {
    if (!(index >= 0 && index < this.#length)) throw new RangeError(`no message at position ${index}`);
    const headerSize = this.#headerSizes[index] ?? 0;
    return {
      sequence: this.sequenceAt(index),
      time: this.#times[index] ?? 0n,
      subject: this.#subjectNames[this.#subjects[index] ?? 0] ?? "",
      headerSize,
      payloadSize: this.#payloadSizes[index] ?? 0,
      headerHash: headerSize === 0 ? "" : hex(this.#headerDigests, index),
      payloadHash: hex(this.#payloadDigests, index),
      ...this.#content?.[index],
    };
  }

  sequenceAt(index: number): number {
    return this.#sequences[index] ?? Number.NaN;
  }

  /** The message of a sequence, or undefined where it is not there. */
  find(sequence: number): StreamMessage | undefined {
    let low = 0;
    let high = this.#length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const found = this.sequenceAt(middle);
      if (found === sequence) return this.at(middle);
      if (found < sequence) low = middle + 1;
      else high = middle - 1;
    }
    return undefined;
  }

  /** All sequences, ascending. */
  sequences(): number[] {
    return Array.from(this.#sequences.subarray(0, this.#length));
  }

  /** True when two messages agree in all but their sequence; quicker than to build both. */
  sameAt(index: number, other: MessageTable, otherIndex: number): boolean {
    return (
      this.#times[index] === other.#times[otherIndex] &&
      this.#headerSizes[index] === other.#headerSizes[otherIndex] &&
      this.#payloadSizes[index] === other.#payloadSizes[otherIndex] &&
      this.#subjectNames[this.#subjects[index] ?? 0] === other.#subjectNames[other.#subjects[otherIndex] ?? 0] &&
      sameDigest(this.#headerDigests, index, other.#headerDigests, otherIndex) &&
      sameDigest(this.#payloadDigests, index, other.#payloadDigests, otherIndex)
    );
  }

  *[Symbol.iterator](): Iterator<StreamMessage> {
    for (let i = 0; i < this.#length; i++) yield this.at(i);
  }

  #subjectId(subject: string): number {
    const known = this.#subjectIds.get(subject);
    if (known !== undefined) return known;
    const id = this.#subjectNames.push(subject) - 1;
    this.#subjectIds.set(subject, id);
    return id;
  }

  #grow(): void {
    const size = this.#sequences.length * 2;
    this.#sequences = copyInto(new Float64Array(size), this.#sequences);
    this.#times = copyInto(new BigInt64Array(size), this.#times);
    this.#subjects = copyInto(new Uint32Array(size), this.#subjects);
    this.#headerSizes = copyInto(new Uint32Array(size), this.#headerSizes);
    this.#payloadSizes = copyInto(new Uint32Array(size), this.#payloadSizes);
    this.#headerDigests = copyInto(new Uint8Array(size * digestSize), this.#headerDigests);
    this.#payloadDigests = copyInto(new Uint8Array(size * digestSize), this.#payloadDigests);
  }
}

function copyInto<T extends { set(from: T): void }>(target: T, source: T): T {
  target.set(source);
  return target;
}

function digest(bytes: Uint8Array): Uint8Array {
  return hash("sha256", bytes, "buffer").subarray(0, digestSize);
}

function hex(digests: Uint8Array, index: number): string {
  return Buffer.from(digests.buffer, index * digestSize, digestSize).toString("hex");
}

function sameDigest(a: Uint8Array, i: number, b: Uint8Array, j: number): boolean {
  for (let k = 0; k < digestSize; k++) {
    if (a[i * digestSize + k] !== b[j * digestSize + k]) return false;
  }
  return true;
}
