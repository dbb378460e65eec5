import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

type Collect = () => void;

let collect: Collect | undefined;

const everyBytes = 16 * 1024 * 1024;

/**
 * Keeps memory flat while gigabytes pass through. Received and sent messages are buffers outside of V8's heap, and V8 looks at
 * those only when some 64 MB of them have piled up, several times over: without this a backup takes 280 MiB, with it half.
 * A collection takes a few milliseconds here, since there is next to nothing on the heap.
 */
export class GarbageNudge {
  #bytes = 0;

  /** Tells that buffers of so many bytes were used up. */
  used(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < everyBytes) return;
    this.#bytes = 0;
    collect ??= loadCollector();
    collect();
  }
}

/** Node hands the collector out only to contexts that are made after the flag was set. */
function loadCollector(): Collect {
  try {
    setFlagsFromString("--expose-gc");
    const found: unknown = runInNewContext("typeof gc === 'function' ? gc : undefined");
    if (typeof found === "function") return found as Collect;
  } catch {
    // Another runtime: it has to look after its memory by itself.
  }
  return () => {};
}
