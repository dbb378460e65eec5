import type { NatsConnection } from "@nats-io/nats-core";
import { farAwayMs } from "./restore.ts";
import type { Session } from "./session.ts";
import type { Wire } from "./wire/wire.ts";

/**
 * Whether a session's server is on this machine, as far as its address and a round trip tell: behind the near end of a tunnel
 * (kubectl port-forward, ssh -L) it is not.
 */
export async function isNear({ api }: Session): Promise<boolean> {
  const server = (api.connection as Partial<NatsConnection>).getServer?.() ?? "";
  return /^(127\.|localhost(:|$)|\[?::1(\]|$))/.test(server) && (await api.connection.rtt()) <= farAwayMs;
}

/** The same of a connection that is dedicated to one restore. */
export async function isWireNear(wire: Wire): Promise<boolean> {
  return (wire.local ?? false) && (wire.roundTripMs ?? (await wire.rtt())) <= farAwayMs;
}
