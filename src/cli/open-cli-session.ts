import {
  type ConnectionFlags,
  resolveConnectionSettings,
} from "../jetstream/connection/resolve-connection-settings.ts";
import { openSettingsSession } from "../jetstream/connection/settings-session.ts";
import type { Session } from "../jetstream/session.ts";

/** Connects as the command line, the environment and the contexts say. Throws CONNECT_FAILED, AUTH_FAILED, CONTEXT_INVALID, USAGE, CANCELLED. */
export async function openCliSession(flags: ConnectionFlags, signal: AbortSignal): Promise<Session> {
  const settings = resolveConnectionSettings(flags);
  for (const warning of settings.warnings) process.stderr.write(`relight: ${warning}\n`);
  return openSettingsSession(settings, { signal });
}
