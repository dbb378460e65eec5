import { X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { RelightError } from "../../errors.ts";
import type { ConnectionSettings } from "./connection-settings.ts";
import { type Environment, readReferencedFile, referencedPath, type Sourced } from "./file-reference.ts";
import { isWebSocket } from "./server-url.ts";

/** PEM texts. A CA replaces the system's list, as in the nats CLI. */
export interface LoadedTls {
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
  readonly handshakeFirst?: true;
}

/**
 * Reads and checks the TLS files of the settings. Undefined where the settings ask for no TLS: then it is used where
 * the server wants it, and certificates are checked against the system's list.
 *
 * Throws CREDENTIALS_INVALID with the file's path, and USAGE for WebSockets, where Node has no such settings.
 */
export async function loadTls(settings: ConnectionSettings, environment: Environment): Promise<LoadedTls | undefined> {
  const { tls, servers } = settings;
  const wanted = tls.cert ?? tls.key ?? tls.ca;
  if (servers.some(isWebSocket)) {
    if (wanted === undefined && !tls.handshakeFirst) return undefined;
    throw new RelightError(
      "USAGE",
      `TLS settings (${wanted?.origin ?? "TLS first"}) cannot be used with WebSocket addresses`,
      { hint: "For a CA of your own start Relight with NODE_EXTRA_CA_CERTS=<file>, or connect with tls:// instead." },
    );
  }
  if (wanted === undefined && !tls.handshakeFirst) {
    return servers.some((server) => server.scheme === "tls") ? {} : undefined;
  }
  const read = async (file: Sourced<string> | undefined, what: string): Promise<string | undefined> =>
    file && (await readReferencedFile(file, what, environment)).toString("utf8");
  const cert = await read(tls.cert, "the TLS certificate");
  const key = await read(tls.key, "the TLS key");
  const ca = await read(tls.ca, "the TLS certificate authority");
  const check = (file: Sourced<string> | undefined, what: string, attempt: () => void): void => {
    if (file === undefined) return;
    try {
      attempt();
    } catch (error) {
      const path = referencedPath(file, what, environment);
      const reason = error instanceof Error ? error.message : String(error);
      throw new RelightError("CREDENTIALS_INVALID", `${what} ${path} (${file.origin}) cannot be used: ${reason}`, {
        cause: error,
      });
    }
  };
  check(tls.cert, "the TLS certificate", () => new X509Certificate(cert ?? ""));
  check(tls.ca, "the TLS certificate authority", () => new X509Certificate(ca ?? ""));
  check(tls.key, "the TLS key", () => createSecureContext({ cert, key }));
  return {
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(ca === undefined ? {} : { ca }),
    ...(tls.handshakeFirst ? { handshakeFirst: true as const } : {}),
  };
}
