import { Kernels } from "../formats/kernels/kernels.ts";
import type { Parsing } from "../formats/parsing.ts";
import { Window } from "../formats/window.ts";

/**
 * Runs an incremental parser over bytes that come `piece` at a time. Returns its result, or throws what it throws; throws
 * a plain Error when the bytes run out before it is done.
 */
export function feedParser<T>(bytes: Uint8Array, parse: (window: Window) => Parsing<T>, piece = bytes.length || 1): T {
  const window = new Window(Kernels.create(), 64 * 1024);
  const parser = parse(window);
  for (let at = 0; ; at += piece) {
    const step = parser.next();
    if (step.done) return step.value;
    if (at >= bytes.length) throw new Error("the bytes ended before the parser was done");
    const part = bytes.subarray(at, at + piece);
    const to = window.reserve(part.length);
    window.kernels.bytes.set(part, to);
    window.commit(part.length);
  }
}
