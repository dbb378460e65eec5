export type TransportKind = "tcp" | "websocket";

let current: TransportKind = "tcp";
const running = new Set<Promise<unknown>>();

/**
 * Runs `dial` while no connection of another kind is being made. The NATS client keeps the kind of transport that a new
 * connection uses in one variable of the process, so two kinds at once would get each other's.
 *
 * The same holds for a reconnect: a process that uses both kinds should not rely on it.
 */
export async function takingTurns<T>(kind: TransportKind, dial: () => Promise<T>): Promise<T> {
  while (kind !== current && running.size > 0) await Promise.allSettled(running);
  current = kind;
  const promise = dial();
  running.add(promise);
  try {
    return await promise;
  } finally {
    running.delete(promise);
  }
}
