import { RelightError } from "../../errors.ts";

export type ServerScheme = "nats" | "tls" | "ws" | "wss";

/** What stood before the @ of a server's URL: a user with a password, or a token alone. */
export type UserInfo =
  | { readonly kind: "user"; readonly user: string; readonly password: string }
  | { readonly kind: "token"; readonly token: string };

/** One server to connect to. `url` holds no secret and may be shown; `userInfo` is one. */
export interface ServerAddress {
  /** Scheme, host and port (and for WebSockets the path) with everything made explicit: "nats://127.0.0.1:4222". */
  readonly url: string;
  readonly scheme: ServerScheme;
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
  readonly userInfo?: UserInfo;
}

const defaultPorts: Readonly<Record<ServerScheme, number>> = { nats: 4222, tls: 4222, ws: 80, wss: 443 };

// The last @ ends the user info, so that a password may hold one.
const shape =
  /^(?:(?<scheme>[a-z][a-z0-9+.-]*):\/\/)?(?:(?<userInfo>[^/]*)@)?(?<host>\[[^\]\s]+\]|[^:/?#@\s[\]]*)(?::(?<port>\d*))?(?<path>\/\S*)?$/i;

/** A server URL that may be shown: whatever stands before the last @ is hidden, even where the URL is malformed. */
export function redactUrl(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/i, "$1***@");
}

/**
 * Parses the list of servers of `--server`, NATS_URL or a context by the rules of the nats CLI: separated by commas; a
 * missing scheme is that of the first server (nats), a missing host localhost, a missing port 4222 (80 for ws, 443 for
 * wss); a user name without a password is a token; WebSocket and plain addresses do not mix. `source` names where the
 * text came from, for the message.
 *
 * Throws USAGE, without showing any user info.
 */
export function parseServers(text: string, source: string): readonly ServerAddress[] {
  const parts = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  if (parts.length === 0) throw new RelightError("USAGE", `${source} names no server`);
  const servers: ServerAddress[] = [];
  for (const part of parts) {
    const server = parseServer(part, source, servers[0] && isWebSocket(servers[0]) ? "ws" : "nats");
    if (servers[0] && isWebSocket(servers[0]) !== isWebSocket(server)) {
      throw new RelightError("USAGE", `${source} mixes WebSocket addresses with others`, {
        hint: "Give only ws:// and wss:// addresses, or only nats:// and tls:// ones.",
      });
    }
    servers.push(server);
  }
  return servers;
}

/** True for a server that is reached through a WebSocket. */
export function isWebSocket(server: ServerAddress): boolean {
  return server.scheme === "ws" || server.scheme === "wss";
}

function parseServer(text: string, source: string, defaultScheme: ServerScheme): ServerAddress {
  const refuse = (why: string): RelightError =>
    new RelightError("USAGE", `${source}: "${redactUrl(text)}" is not a server address: ${why}`, {
      hint: "An address looks like nats://127.0.0.1:4222, tls://nats.example.com or wss://nats.example.com/path.",
    });
  const groups = shape.exec(text)?.groups;
  if (!groups) throw refuse("it cannot be parsed");
  const scheme = (groups.scheme ?? defaultScheme).toLowerCase();
  if (!isServerScheme(scheme)) throw refuse(`the scheme "${scheme}" is not one of nats, tls, ws and wss`);
  const port = groups.port ? Number(groups.port) : defaultPorts[scheme];
  if (port < 1 || port > 65_535) throw refuse(`${port} is no port`);
  const host = groups.host || "localhost";
  const path = scheme === "ws" || scheme === "wss" ? (groups.path ?? "") : "";
  if (path === "" && groups.path && groups.path !== "/") throw refuse("it has a path");
  return {
    url: `${scheme}://${host}:${port}${path}`,
    scheme,
    host: host.replace(/^\[|\]$/g, ""),
    port,
    ...(groups.userInfo ? { userInfo: parseUserInfo(groups.userInfo) } : {}),
  };
}

function isServerScheme(scheme: string): scheme is ServerScheme {
  return Object.hasOwn(defaultPorts, scheme);
}

function parseUserInfo(text: string): UserInfo {
  const colon = text.indexOf(":");
  if (colon < 0) return { kind: "token", token: decode(text) };
  return { kind: "user", user: decode(text.slice(0, colon)), password: decode(text.slice(colon + 1)) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a password with a bare % in it
  }
}
