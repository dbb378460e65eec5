import type { Kernels } from "../kernels/kernels.ts";
import type { Parsing } from "../parsing.ts";
import { Window } from "../window.ts";
import type { SalvageDamage } from "./salvage-report.ts";

/** The most bytes that are held to look for what can be read behind damage. */
export const maxHeldBytes = 64 * 1024 * 1024;

/** Decoded bytes as the parsers of a salvage see them: some are not what they were, and they may end at any place. */
export class SalvageInput {
  readonly window: Window;
  readonly damages: SalvageDamage[] = [];
  /** No more bytes will come. */
  ended = false;
  /** How many bytes were lost somewhere is a guess, so that nothing needs to lie at a multiple of anything. */
  unaligned = false;
  /** Runs of decoded bytes that no checksum of the compression stands for: `[from, to)`, ascending. */
  readonly #suspects: [from: number, to: number][] = [];

  constructor(kernels: Kernels) {
    this.window = new Window(kernels);
  }

  /** The next bytes of the window, up to `to`, may be wrong. */
  suspect(from: number, to: number): void {
    const before = this.#suspects.at(-1);
    if (before && before[1] === from) before[1] = to;
    else this.#suspects.push([from, to]);
  }

  /** Whether any of the `bytes` bytes at a decoded offset may be wrong. */
  isSuspect(offset: number, bytes: number): boolean {
    return this.#suspects.some(([from, to]) => from < offset + bytes && offset < to);
  }

  damage(damage: SalvageDamage): void {
    this.damages.push(damage);
  }

  /** Waits for `bytes` bytes; returns how many of them there are, fewer only where the input has ended. */
  *upTo(bytes: number): Parsing<number> {
    while (this.window.length < bytes && !this.ended) yield;
    return Math.min(this.window.length, bytes);
  }

  /** Consumes `bytes` bytes as they come, or what is left of them. */
  *pass(bytes: number): Parsing {
    for (let rest = bytes; rest > 0; ) {
      const have = yield* this.upTo(1);
      if (have === 0) return;
      const count = Math.min(rest, this.window.length);
      this.window.consume(count);
      rest -= count;
    }
  }
}
