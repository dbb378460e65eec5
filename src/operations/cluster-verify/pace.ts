import { setTimeout as sleep } from "node:timers/promises";

/** Keeps all reading together below a rate, so that a verification does not take the clients' part of a disk or a link. */
export class Pace {
  readonly #bytesPerMs: number;
  #free = Date.now();

  /** `bytesPerSecond`: 0 = as fast as it goes. */
  constructor(bytesPerSecond: number) {
    this.#bytesPerMs = bytesPerSecond / 1_000;
  }

  /** Resolves when so many bytes may have been read. */
  async spend(bytes: number, signal?: AbortSignal): Promise<void> {
    if (this.#bytesPerMs <= 0) return;
    const now = Date.now();
    this.#free = Math.max(this.#free, now) + bytes / this.#bytesPerMs;
    // Consumers that nobody asks are removed after half a minute: no wait may come near that.
    for (let left = this.#free - now; left > 0 && !signal?.aborted; left -= 1_000) await sleep(Math.min(left, 1_000));
  }
}
