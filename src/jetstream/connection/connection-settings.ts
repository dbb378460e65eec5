import type { JetStreamApiOptions } from "../jetstream-api.ts";
import type { Sourced } from "./file-reference.ts";
import type { ServerAddress } from "./server-url.ts";

/**
 * Who to connect as. The values are what was given: a path or a reference (`file://`, `env://`, `data:;base64,`) for
 * `creds` and `nkey`, the secret itself or such a reference for the others. `connect` reads them.
 */
export type Credentials =
  | { readonly kind: "none" }
  | { readonly kind: "user"; readonly user: Sourced<string>; readonly password: Sourced<string> }
  | { readonly kind: "creds"; readonly file: Sourced<string> }
  | { readonly kind: "nkey"; readonly file: Sourced<string> }
  | { readonly kind: "jwt"; readonly jwt: Sourced<string>; readonly seed?: Sourced<string> };

/** Paths of PEM files, and whether TLS starts before the server's greeting. */
export interface TlsSettings {
  readonly cert?: Sourced<string>;
  readonly key?: Sourced<string>;
  readonly ca?: Sourced<string>;
  readonly handshakeFirst: boolean;
}

/** Everything that is needed to connect, as plain data. Made by `resolveConnectionSettings`, used by `connect`. */
export interface ConnectionSettings {
  /** At least one. Tried in random order, as NATS clients do. */
  readonly servers: readonly ServerAddress[];
  /** Where the servers came from: "--server", "$NATS_URL", `context "prod"` or "default". */
  readonly serversOrigin: string;
  readonly credentials: Credentials;
  /** Sent beside the credentials, as the nats CLI does. */
  readonly token?: Sourced<string>;
  readonly tls: TlsSettings;
  /** How long connecting to one address may take, and one request afterwards, in milliseconds. */
  readonly timeoutMs: number;
  readonly inboxPrefix?: string;
  /** The name that the server shows for the connection. */
  readonly name: string;
  readonly jsDomain?: string;
  readonly jsApiPrefix?: string;
  /** The context that took part, if any. */
  readonly contextName?: string;
  /** What the user should know: settings that have no effect and why. For stderr. */
  readonly warnings: readonly string[];
}

/** How the JetStream API is addressed with these settings. */
export function jetStreamApiOptions(settings: ConnectionSettings): JetStreamApiOptions {
  return {
    ...(settings.jsApiPrefix === undefined ? {} : { prefix: settings.jsApiPrefix }),
    ...(settings.jsDomain === undefined ? {} : { domain: settings.jsDomain }),
    ...(settings.inboxPrefix === undefined ? {} : { inboxPrefix: settings.inboxPrefix }),
    timeoutMs: settings.timeoutMs,
  };
}

/** Where the settings lead, in one line without secrets: `nats://127.0.0.1:4222 as user "bob" (context "prod")`. */
export function describeConnection(settings: ConnectionSettings): string {
  const servers = settings.servers.map((server) => server.url).join(", ");
  const as = describeCredentials(settings);
  const context = settings.contextName === undefined ? "" : ` (context "${settings.contextName}")`;
  return `${servers}${as === "" ? "" : ` as ${as}`}${context}`;
}

function describeCredentials(settings: ConnectionSettings): string {
  const userInfo = settings.servers.find((server) => server.userInfo)?.userInfo;
  if (userInfo) return userInfo.kind === "user" ? `user "${userInfo.user}" of the URL` : "the token of the URL";
  switch (settings.credentials.kind) {
    case "user":
      return `user "${settings.credentials.user.value}"`;
    case "creds":
      return `the user of the credentials of ${settings.credentials.file.origin}`;
    case "nkey":
      return `the nkey of ${settings.credentials.file.origin}`;
    case "jwt":
      return `the JWT of ${settings.credentials.jwt.origin}`;
    case "none":
      return settings.token ? `the token of ${settings.token.origin}` : "";
  }
}
