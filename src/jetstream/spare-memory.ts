/** Pieces of one size that are kept for whoever needs one next. */
const kept = 8;

const spares = new Map<number, Uint8Array[]>();

/**
 * Memory that may hold anything: what was given back before, or new. An account can have thousands of streams, and buffers
 * of their own for each would be garbage faster than it is collected.
 */
export function takeMemory(bytes: number): Uint8Array {
  return spares.get(bytes)?.pop() ?? new Uint8Array(bytes);
}

/** Gives memory back that nobody uses any more, nor anything that is part of it. */
export function giveMemory(memory: Uint8Array): void {
  const same = spares.get(memory.length) ?? [];
  spares.set(memory.length, same);
  if (same.length < kept) same.push(memory);
}
