/** What one server tells of a message that it passed on, as far as it is needed. Source: nats-server `server/msgtrace.go`. */
export interface MessageTrace {
  readonly server: { readonly name: string };
  /** Further servers that it was sent to, which tell of it as well. */
  readonly hops?: number;
  /** "in": it came; "eg": it was given to a client or another server; "js": it was stored. */
  readonly events: readonly { readonly type: string }[];
}

/**
 * The server that answered a request itself: the one that neither passed it on nor stored it. Undefined while servers are missing
 * that were to tell of it; null where it cannot be said, as where somebody listens to all requests. Pure.
 */
export function answeringServer(traces: readonly MessageTrace[]): string | null | undefined {
  const told = 1 + traces.reduce((sum, { hops = 0 }) => sum + hops, 0);
  if (traces.length < told) return undefined;
  const ends = traces.filter(({ events }) => events.every(({ type }) => type !== "eg" && type !== "js"));
  return ends.length === 1 && ends[0] ? ends[0].server.name : null;
}
