import { connect } from "../jetstream/connection/connect.ts";
import { jetStreamApiOptions } from "../jetstream/connection/connection-settings.ts";
import { resolveConnectionSettings } from "../jetstream/connection/resolve-connection-settings.ts";
import { openSession, type Session } from "../jetstream/session.ts";

/** A session as the command line opens one, of nothing but a server's address: no environment, no contexts. */
export function openTestSession(url: string): Promise<Session> {
  const environment = {};
  const settings = resolveConnectionSettings({ server: url, context: false, timeout: "20s" }, environment);
  return openSession({
    ...jetStreamApiOptions(settings),
    connect: ({ dedicated }) => connect(settings, { dedicated, environment }),
  });
}
