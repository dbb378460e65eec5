import type { NatsConnection } from "@nats-io/nats-core";
import { isRelightError } from "../../errors.ts";
import { openSession, type Session } from "../session.ts";
import type { Wire } from "../wire/wire.ts";
import { type ConnectOptions, connect, connectPrepared, prepareDialling, shuffled } from "./connect.ts";
import { type ConnectionSettings, jetStreamApiOptions } from "./connection-settings.ts";
import { dialWire } from "./dial-wire.ts";
import { withToldServers } from "./with-told-servers.ts";

/**
 * A session with the settings of `resolveConnectionSettings`. Throws what {@link connect} throws. The signal cancels the
 * first connecting only: who cleans up after a cancellation needs connections for it.
 */
export async function openSettingsSession(
  settings: ConnectionSettings,
  options: Pick<ConnectOptions, "environment" | "signal"> = {},
): Promise<Session> {
  const { signal: _, ...later } = options;
  const session: Session = await openSession({
    ...jetStreamApiOptions(settings),
    connect: (): Promise<NatsConnection> => connect(settings, options),
    dedicate: () => dedicateAnywhere(settings, later, () => session.api.connection.info?.connect_urls),
  });
  return session;
}

/** Where none of the given servers can be reached any more, the others that the session's own connection knows of are tried. */
async function dedicateAnywhere(
  settings: ConnectionSettings,
  options: ConnectOptions,
  told: () => readonly string[] | undefined,
): Promise<Wire> {
  try {
    return await dedicate(settings, options);
  } catch (error) {
    const others = isRelightError(error, "CONNECT_FAILED") ? withToldServers(settings, told()) : null;
    if (others === null) throw error;
    return await dedicate(others, options);
  }
}

/** A connection for one snapshot or restore: one without garbage where that is possible, else one of the NATS client. */
async function dedicate(settings: ConnectionSettings, options: ConnectOptions): Promise<Wire> {
  const dialling = await prepareDialling(settings, { ...options, dedicated: true });
  for (const server of shuffled(settings.servers)) {
    const wire = await dialWire(server, dialling);
    if (wire) return wire;
  }
  return connectPrepared(dialling);
}
