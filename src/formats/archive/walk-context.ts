import { MalformedBytes } from "../byte-reader.ts";
import { damaged } from "../damaged.ts";
import { need, type Parsing } from "../parsing.ts";
import type { Window } from "../window.ts";

/** The most bytes of a description: a configuration, a consumer's state, an index of one block. */
export const maxDescriptionBytes = 16 * 1024 * 1024;

/** The most bytes of a consumer as JSON: about 60 for every message that it waits for, so that a million of them fit. */
export const maxConsumerJsonBytes = 64 * 1024 * 1024;

export interface WalkOptions {
  /** v1: false where it is walked through once more before it counts as proven. Default true. */
  readonly verifyRecords?: boolean | undefined;
  /** v1: false where only what stands beside the messages is wanted. Default true. */
  readonly readRecords?: boolean | undefined;
}

/** What the parsers of one archive share. */
export class WalkContext {
  readonly window: Window;
  /** The entry that is being read, for messages. */
  entry: string | undefined;
  /** v1: whether the hash of every record is checked. */
  readonly verifyRecords: boolean;
  /** v1: whether records are read at all. */
  readonly readRecords: boolean;

  constructor(window: Window, { verifyRecords = true, readRecords = true }: WalkOptions = {}) {
    this.window = window;
    this.verifyRecords = verifyRecords;
    this.readRecords = readRecords;
  }

  /** The error for damage at the current place, or `ahead` bytes behind it. */
  damaged(what: string, ahead = 0, cause?: unknown): Error {
    const offset = this.window.consumedBytes + ahead;
    return damaged(what, this.entry === undefined ? { offset } : { entry: this.entry, offset }, cause);
  }

  /**
   * Waits for the `size` bytes of a description and hands a view of them to `decode`, then consumes them. Throws
   * ARCHIVE_DAMAGED when they are too many, or malformed.
   */
  *description<T>(size: number, decode: (bytes: Uint8Array) => T, limit = maxDescriptionBytes): Parsing<T> {
    if (size > limit) throw this.damaged(`${size} bytes are too many here`);
    yield* need(this.window, size);
    try {
      return decode(this.window.slice(0, size));
    } catch (error) {
      if (error instanceof MalformedBytes) throw this.damaged(error.message, 0, error);
      throw error;
    } finally {
      this.window.consume(size);
    }
  }
}
