import type { NatsConnection } from "@nats-io/nats-core";
import type { Command } from "commander";
import { isRelightError, RelightError } from "../errors.ts";
import { connect } from "../jetstream/connection/connect.ts";
import type { ConnectionSettings } from "../jetstream/connection/connection-settings.ts";
import { resolveAccountSettings } from "../jetstream/connection/resolve-account-settings.ts";
import { resolveConnectionSettings } from "../jetstream/connection/resolve-connection-settings.ts";
import { resolveSystemSettings } from "../jetstream/connection/resolve-system-settings.ts";
import { openSettingsSession } from "../jetstream/connection/settings-session.ts";
import { orToldServers } from "../jetstream/connection/with-told-servers.ts";
import type { JetStreamApi } from "../jetstream/jetstream-api.ts";
import type { Session } from "../jetstream/session.ts";
import { accountFlags } from "./options/account-options.ts";
import { connectionFlags } from "./options/connection-options.ts";
import { systemFlags } from "./options/system-options.ts";

/** The two pairs of eyes on a cluster; at least one of them is there. */
export interface ClusterSession extends AsyncDisposable {
  readonly account: JetStreamApi | undefined;
  /** The same, for what needs connections of its own: backups and restores. */
  readonly session: Session | undefined;
  readonly system: NatsConnection | undefined;
  /** Sessions of further accounts of the cluster. */
  readonly others: readonly Session[];
  /** The same, for what only asks. */
  readonly otherAccounts: readonly JetStreamApi[];
}

/**
 * Connects as the flags of a command say: as the ordinary user, on the system account where it is named, and on further accounts. Where the ordinary user is refused and the
 * system account is not, that is said and goes on: half of the picture is better than none. Where none of the given servers can be
 * reached, those of `told` are tried, which an earlier connection was told of.
 *
 * Throws CONNECT_FAILED, AUTH_FAILED, CONTEXT_INVALID, CREDENTIALS_INVALID, USAGE, CANCELLED.
 */
export async function openClusterSession(
  command: Command,
  signal: AbortSignal,
  told: readonly string[] = [],
): Promise<ClusterSession> {
  const settings = resolveConnectionSettings(connectionFlags(command));
  for (const warning of settings.warnings) process.stderr.write(`relight: ${warning}\n`);
  const systemSettings = resolveSystemSettings(systemFlags(command), settings);
  const accountSettings = resolveAccountSettings(accountFlags(command), settings);
  const others = (): readonly string[] => told;
  await using opening = new AsyncDisposableStack();
  let connection: NatsConnection | undefined;
  if (systemSettings) {
    connection = await orToldServers(systemSettings, others, (to) => connectAsSystem(to, signal));
    opening.defer(() => connection?.close());
  }
  let session: Session | undefined;
  try {
    session = opening.use(await orToldServers(settings, others, (to) => openSettingsSession(to, { signal })));
  } catch (error) {
    if (!connection || !isRelightError(error, "AUTH_FAILED")) throw error;
    process.stderr.write(`relight: without an ordinary account, as its user is refused: ${error.message}\n`);
  }
  const opened: Session[] = [];
  for (const to of accountSettings) {
    for (const warning of to.warnings) process.stderr.write(`relight: ${warning}\n`);
    opened.push(opening.use(await openFurther(to, others, signal)));
  }
  const resources = opening.move();
  return {
    account: session?.api,
    session,
    system: connection,
    others: opened,
    otherAccounts: opened.map(({ api }) => api),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Who named an account wants it looked at: without it the command does not begin. */
async function openFurther(
  settings: ConnectionSettings,
  told: () => readonly string[],
  signal: AbortSignal,
): Promise<Session> {
  const open = (to: ConnectionSettings): Promise<Session> => openSettingsSession(to, { signal });
  try {
    return await orToldServers(settings, told, open);
  } catch (error) {
    if (!isRelightError(error, "AUTH_FAILED")) throw error;
    const { credentials, contextName } = settings;
    const file = credentials.kind === "creds" ? credentials.file.value : "a further account";
    const who = contextName === undefined ? file : `context "${contextName}"`;
    throw new RelightError("AUTH_FAILED", `the user of ${who} is ${error.message}`, {
      cause: error,
      context: error.context,
      hint: "Check --account-context and --account-creds.",
    });
  }
}

async function connectAsSystem(settings: ConnectionSettings, signal: AbortSignal): Promise<NatsConnection> {
  try {
    return await connect(settings, { signal });
  } catch (error) {
    if (!isRelightError(error, "AUTH_FAILED")) throw error;
    throw new RelightError("AUTH_FAILED", `the system account's user is ${error.message}`, {
      cause: error,
      context: error.context,
      hint: "Check --system-creds, --system-nkey, --system-user and --system-password, or --system-context.",
    });
  }
}
