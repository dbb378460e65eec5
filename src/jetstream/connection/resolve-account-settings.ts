import type { ConnectionSettings } from "./connection-settings.ts";
import type { Environment } from "./file-reference.ts";
import { settingsOfContext } from "./resolve-system-settings.ts";

/** The flags that name users of further accounts, beside the ordinary user. */
export interface FurtherAccountFlags {
  readonly accountContext?: readonly string[] | undefined;
  readonly accountCreds?: readonly string[] | undefined;
}

/**
 * The settings of the connections of further accounts. Those of credential files go where the ordinary one goes, with its TLS; a context
 * brings servers and TLS of its own. Throws USAGE and CONTEXT_INVALID.
 */
export function resolveAccountSettings(
  { accountContext = [], accountCreds = [] }: FurtherAccountFlags,
  ordinary: ConnectionSettings,
  environment: Environment = process.env,
): readonly ConnectionSettings[] {
  const { token: _, contextName: __, ...rest } = ordinary;
  const servers = ordinary.servers.map(({ userInfo, ...server }) => server);
  return [
    ...accountContext.map((context) => settingsOfContext(context, ordinary, environment)),
    ...accountCreds.map((file): ConnectionSettings => {
      const credentials = { kind: "creds", file: { value: file, origin: "--account-creds" } } as const;
      return { ...rest, servers, credentials, warnings: [] };
    }),
  ];
}
