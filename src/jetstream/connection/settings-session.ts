import type { NatsConnection } from "@nats-io/nats-core";
import { openSession, type Session } from "../session.ts";
import type { Wire } from "../wire/wire.ts";
import { type ConnectOptions, connect, connectPrepared, prepareDialling, shuffled } from "./connect.ts";
import { type ConnectionSettings, jetStreamApiOptions } from "./connection-settings.ts";
import { dialWire } from "./dial-wire.ts";
import { orToldServers } from "./with-told-servers.ts";

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
    // The servers that were given may have died; the session's own connection knows of others.
    dedicate: () =>
      orToldServers(
        settings,
        () => session.api.connection.info?.connect_urls,
        (to) => dedicate(to, later),
      ),
  });
  return session;
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
