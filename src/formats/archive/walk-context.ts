import { MalformedBytes } from "../byte-reader.ts";
import { damaged } from "../damaged.ts";
import { need, type Parsing } from "../parsing.ts";
import type { Window } from "../window.ts";

/** The most bytes of a description: a configuration, a consumer's state, an index of one block. */
export const maxDescriptionBytes = 16 * 1024 * 1024;

/** What the parsers of one archive share. */
export class WalkContext {
  readonly window: Window;
  /** The entry that is being read, for messages. */
  entry: string | undefined;
  /** v1: whether the hash of every record is checked. */
  readonly verifyRecords: boolean;

  constructor(window: Window, verifyRecords = true) {
    this.window = window;
    this.verifyRecords = verifyRecords;
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
