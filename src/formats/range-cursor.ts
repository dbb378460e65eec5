import { RelightError } from "../errors.ts";

/** Walks over the runs of a set: `next()`, then `first` and `last`. The set must not grow meanwhile. */
export class RangeCursor {
  first = 0;
  last: number;
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;
  readonly #openFirst: number;
  #openLast: number;

  constructor(bytes: Uint8Array, end: number, at = 0, last = -1, openFirst = 0, openLast = -1) {
    this.#bytes = bytes;
    this.#end = end;
    this.#at = at;
    this.last = last;
    this.#openFirst = openFirst;
    this.#openLast = openLast;
  }

  /** False after the last run. Throws BACKUP_INVALID on bytes that are no set. */
  next(): boolean {
    if (this.#at >= this.#end) {
      if (this.#openLast < 0) return false;
      this.first = this.#openFirst;
      this.last = this.#openLast;
      this.#openLast = -1;
      return true;
    }
    this.first = this.last + 1 + this.#uvarint();
    this.last = this.first + this.#uvarint();
    if (this.last > Number.MAX_SAFE_INTEGER) throw notPacked();
    return true;
  }

  #uvarint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 8; count++) {
      if (this.#at >= this.#end) throw notPacked();
      const byte = this.#bytes[this.#at++] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw notPacked();
  }
}

function notPacked(): RelightError {
  return new RelightError("BACKUP_INVALID", "bytes that are no packed set of sequences");
}
