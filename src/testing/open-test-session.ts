import { resolveConnectionSettings } from "../jetstream/connection/resolve-connection-settings.ts";
import { openSettingsSession } from "../jetstream/connection/settings-session.ts";
import type { Session } from "../jetstream/session.ts";

/** A session as the command line opens one, of nothing but a server's address: no environment, no contexts. */
export function openTestSession(url: string, timeout = "20s"): Promise<Session> {
  const environment = {};
  const settings = resolveConnectionSettings({ server: url, context: false, timeout }, environment);
  return openSettingsSession(settings, { environment });
}
