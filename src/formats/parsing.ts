import type { Window } from "./window.ts";

/**
 * A parser that can wait: it yields when the window does not hold enough bytes, and is resumed once there are more.
 * Whoever drives it knows when the input has ended, and then reports the archive as truncated.
 */
export type Parsing<T = void> = Generator<void, T, void>;

/** Waits until the window holds `bytes` bytes. The caller has bounded them. */
export function* need(window: Window, bytes: number): Parsing {
  while (window.length < bytes) yield;
}

/** Consumes `bytes` bytes as they come, or as whoever drives it passes over them: {@link Window.pass}. */
export function* skip(window: Window, bytes: number): Parsing {
  window.unwanted = bytes;
  while (window.unwanted > 0) {
    const count = Math.min(window.unwanted, window.length);
    window.consume(count);
    window.unwanted -= count;
    if (window.unwanted > 0) yield;
  }
}

/** Consumes `bytes` bytes as they come; false as soon as one of them is not zero. */
export function* skipZeros(window: Window, bytes: number): Parsing<boolean> {
  let rest = bytes;
  while (rest > 0) {
    const count = Math.min(rest, window.length);
    if (!window.slice(0, count).every((byte) => byte === 0)) return false;
    window.consume(count);
    rest -= count;
    if (rest > 0) yield;
  }
  return true;
}
