import { RowFlag } from "../kernels/kernels.ts";
import { messageTtl } from "../message-ttl.ts";
import { SequenceRanges } from "../sequence-ranges.ts";
import type { InspectOptions } from "./archive-report.ts";

/**
 * Remembers which messages have a time to live of their own, and which are too old by the stream's limit or their own, until
 * it is known which are live.
 */
export class AgeCount {
  readonly withTtl = new SequenceRanges();
  readonly expired = new SequenceRanges();
  readonly #before: bigint | undefined;
  readonly #now: bigint | undefined;

  constructor(options: InspectOptions) {
    this.#before = options.expiredBefore;
    this.#now = options.now;
  }

  /** True where every message has to be looked at, and not only those with a `Nats-TTL`. */
  get needsAll(): boolean {
    return this.#before !== undefined;
  }

  /** Takes a message; sequences ascend. `headers` gives its header block where it is asked for. */
  add(sequence: number, time: bigint, flags: number, headers: () => Uint8Array): void {
    const ttl = (flags & RowFlag.ttl) === 0 ? undefined : messageTtl(headers());
    if (ttl !== undefined) this.withTtl.append(sequence);
    const tooOld = this.#before !== undefined && time < this.#before;
    const over = this.#now !== undefined && typeof ttl === "bigint" && time + ttl <= this.#now;
    if (tooOld || over) this.expired.append(sequence);
  }
}
