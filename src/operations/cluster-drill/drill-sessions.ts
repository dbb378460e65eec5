import type { NatsConnection } from "@nats-io/nats-core";
import { connect } from "../../jetstream/connection/connect.ts";
import { resolveConnectionSettings } from "../../jetstream/connection/resolve-connection-settings.ts";
import { openSettingsSession } from "../../jetstream/connection/settings-session.ts";
import type { Session } from "../../jetstream/session.ts";

/** The two pairs of eyes and hands on the drill's cluster. */
export interface DrillSessions extends AsyncDisposable {
  readonly session: Session;
  readonly system: NatsConnection;
}

/** Connects to the given servers as the ordinary user and as that of the system account, whatever the environment says. */
export async function openDrillSessions(urls: readonly string[], signal: AbortSignal): Promise<DrillSessions> {
  const environment = {};
  const server = urls.join(",");
  await using opening = new AsyncDisposableStack();
  const settings = resolveConnectionSettings({ server, context: false }, environment);
  const session = opening.use(await openSettingsSession(settings, { environment, signal }));
  const asSystem = resolveConnectionSettings({ server, context: false, user: "sys", password: "sys" }, environment);
  const system = await connect(asSystem, { environment, signal });
  opening.defer(() => system.close());
  const resources = opening.move();
  return { session, system, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}
