import { RelightError } from "../../errors.ts";
import { chooseCredentials } from "./choose-credentials.ts";
import type { ConnectionSettings } from "./connection-settings.ts";
import type { Environment, Sourced } from "./file-reference.ts";
import { resolveConnectionSettings } from "./resolve-connection-settings.ts";

/** The flags that name a user of the system account, beside the ordinary user. */
export interface SystemFlags {
  readonly systemCreds?: string | undefined;
  readonly systemNkey?: string | undefined;
  readonly systemUser?: string | undefined;
  readonly systemPassword?: string | undefined;
  readonly systemContext?: string | undefined;
}

/**
 * The settings of the connection on the system account; undefined where no flag asks for one. It goes where the ordinary one
 * goes, with its TLS; a context of its own brings servers and TLS of its own. Nothing of the environment is taken: its
 * credentials are the ordinary user's.
 *
 * Throws USAGE and CONTEXT_INVALID.
 */
export function resolveSystemSettings(
  flags: SystemFlags,
  ordinary: ConnectionSettings,
  environment: Environment = process.env,
): ConnectionSettings | undefined {
  const { systemCreds, systemNkey, systemUser, systemPassword, systemContext } = flags;
  if (!systemCreds && !systemNkey && !systemUser && !systemPassword && !systemContext) return undefined;
  if (systemUser && !systemPassword) {
    throw new RelightError("USAGE", "--system-user needs --system-password", {
      hint: "A context keeps the password out of the list of processes: --system-context.",
    });
  }
  const typed = [systemCreds, systemNkey, systemUser].filter(Boolean).length;
  if (systemContext && typed === 0 && !systemPassword) return settingsOfContext(systemContext, ordinary, environment);
  if (systemContext) {
    throw new RelightError("USAGE", "--system-context brings its own credentials", {
      hint: "Give it alone, or give the credentials alone.",
    });
  }
  const servers = ordinary.servers.map(({ userInfo: _, ...server }) => server);
  const given = (option: string, value: string | undefined): Sourced<string> | undefined =>
    value ? { value, origin: option } : undefined;
  const credentials = chooseCredentials(
    {
      user: given("--system-user", systemUser),
      password: given("--system-password", systemPassword),
      creds: given("--system-creds", systemCreds),
      nkey: given("--system-nkey", systemNkey),
      token: undefined,
      jwt: undefined,
      seed: undefined,
    },
    servers,
    () => {},
  );
  const { serversOrigin, tls, timeoutMs, name } = ordinary;
  return { servers, serversOrigin, credentials, tls, timeoutMs, name, warnings: [] };
}

/** The settings of a context alone: nothing of the environment, whose credentials are the ordinary user's. */
export function settingsOfContext(
  context: string,
  ordinary: ConnectionSettings,
  environment: Environment,
): ConnectionSettings {
  const nothingElse = Object.fromEntries(Object.entries(environment).filter(([key]) => !key.startsWith("NATS_")));
  const settings = resolveConnectionSettings({ context, connectionName: ordinary.name }, nothingElse);
  return { ...settings, timeoutMs: ordinary.timeoutMs };
}
