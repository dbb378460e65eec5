import { isIP } from "node:net";
import { checkServerIdentity } from "node:tls";
import {
  type Auth,
  type ConnectionOptions,
  type NatsConnection,
  type Server,
  type TlsOptions,
  wsconnect,
} from "@nats-io/nats-core";
import { connect as tcpConnect } from "@nats-io/transport-node";
import type { ConnectionSettings } from "./connection-settings.ts";
import type { LoadedCredentials } from "./load-credentials.ts";
import type { LoadedTls } from "./load-tls.ts";
import { isWebSocket, type ServerAddress } from "./server-url.ts";
import { destroyingSockets } from "./stray-sockets.ts";
import { takingTurns } from "./transport-turns.ts";

/** What one attempt needs, with all files read. */
export interface Dialling {
  readonly settings: ConnectionSettings;
  readonly credentials: LoadedCredentials;
  readonly tls: LoadedTls | undefined;
  /** For one long operation: never reconnects, since a snapshot or a restore does not survive it. */
  readonly dedicated: boolean;
  /** Makes a running attempt fail. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Connects to one server. Throws whatever the NATS client throws.
 *
 * Two rules of the `nats` CLI are kept that the client for JavaScript has not: a certificate must be valid for the
 * IP address where the server was given by one (the client compares it with "localhost", and still does for a nats://
 * address without TLS settings, which anybody between could answer without TLS anyway), and a nats:// address that
 * merely offers TLS is used without it where the certificate is not trusted.
 */
export async function dial(server: ServerAddress, dialling: Dialling): Promise<NatsConnection> {
  const { settings, tls } = dialling;
  const kind = isWebSocket(server) ? "websocket" : "tcp";
  const attempt = async (tlsOptions: LoadedTls | undefined | null): Promise<NatsConnection> => {
    const giveUp = new AbortController();
    const onAbort = (): void => giveUp.abort();
    dialling.signal?.addEventListener("abort", onAbort, { once: true });
    try {
      return await takingTurns(kind, () =>
        destroyingSockets(giveUp.signal, async () => {
          const options = connectionOptions(server, dialling, tlsOptions, giveUp.signal);
          const connection = await (kind === "websocket" ? wsconnect(options) : tcpConnect(options));
          if (!dialling.dedicated) allowReconnect(connection, server, settings);
          return connection;
        }),
      );
    } catch (error) {
      giveUp.abort();
      throw error;
    } finally {
      dialling.signal?.removeEventListener("abort", onAbort);
    }
  };
  if (kind === "websocket" || tls !== undefined) return attempt(tls);
  try {
    return await attempt(undefined);
  } catch (error) {
    if (!isCertificateProblem(error)) throw error;
    // Without TLS options the client did its own comparison; with empty ones TLS is required, and ours holds.
    const asIp = isIP(server.host) > 0 ? await attempt({}).catch(() => undefined) : undefined;
    if (asIp) return asIp;
    // null: no TLS, which fails at once where the server requires it.
    return attempt(null).catch(() => {
      throw error;
    });
  }
}

function connectionOptions(
  server: ServerAddress,
  { settings, credentials, dedicated }: Dialling,
  tls: LoadedTls | undefined | null,
  signal: AbortSignal,
): ConnectionOptions {
  // The client asks this handler before each attempt, also when it reconnects: it tells which server is next.
  let target: Server | undefined;
  const expectedName = (): string => target?.tlsName || target?.hostname || server.host;
  const userInfo = (): ServerAddress["userInfo"] => {
    const known = settings.servers.find((one) => one.host === target?.hostname && one.port === target.port);
    return (known ?? server).userInfo;
  };
  const nodeTls = {
    checkServerIdentity: (_name: string, certificate: Parameters<typeof checkServerIdentity>[1]) =>
      checkServerIdentity(expectedName(), certificate),
    // Destroys a TLS socket that is still dialling, which Node 22 does not announce.
    signal,
  };
  return {
    servers: [clientAddress(server)],
    name: settings.name,
    timeout: settings.timeoutMs,
    authenticator: (nonce?: string): Auth => credentials.authenticate(nonce, userInfo()),
    reconnectToServer: ([next]) => {
      target = next;
      return null;
    },
    ...(settings.inboxPrefix === undefined ? {} : { inboxPrefix: settings.inboxPrefix }),
    ...(tls === undefined ? {} : { tls: tls && ({ ...tls, ...nodeTls } as TlsOptions) }),
    // While it connects: a client that may reconnect waits for the time-out where the server hangs up, and forgets why.
    reconnect: false,
    // Half a minute: a server that is restarted is waited for.
    maxReconnectAttempts: 60,
    reconnectTimeWait: 500,
    reconnectJitter: 50,
    ignoreClusterUpdates: dedicated,
    // Pings queue behind data, so a slow link needs patience: a dead connection is noticed after two minutes.
    pingInterval: 30_000,
    maxPingOut: 4,
  };
}

/** From now on the connection survives its server, going to any of those that were given. */
function allowReconnect(connection: NatsConnection, server: ServerAddress, settings: ConnectionSettings): void {
  const others = settings.servers.filter((other) => other !== server);
  if (others.length > 0) connection.setServers([server, ...others].map(clientAddress));
  const { options } = connection as { readonly options?: ConnectionOptions };
  if (options) options.reconnect = true;
}

/** The client takes a password in a URL for a port, so it gets none. */
function clientAddress(server: ServerAddress): string {
  if (isWebSocket(server)) return server.url;
  return server.host.includes(":") ? `[${server.host}]:${server.port}` : `${server.host}:${server.port}`;
}

function isCertificateProblem(error: unknown): boolean {
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  return typeof code === "string" && /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/.test(code);
}
