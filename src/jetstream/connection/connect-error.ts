import { RelightError, type RelightErrorOptions } from "../../errors.ts";
import { dialFailure, wantsClientCertificate } from "./ask-server.ts";
import type { ConnectionSettings } from "./connection-settings.ts";
import { formatGoDuration } from "./go-duration.ts";
import type { LoadedCredentials } from "./load-credentials.ts";
import { isWebSocket, type ServerAddress } from "./server-url.ts";

export interface DialFailure {
  readonly server: ServerAddress;
  /** Whatever the NATS client threw. */
  readonly error: unknown;
}

/** What a failure means: refused credentials, or a server that was not reached, and a hint of its own. */
interface Diagnosis {
  readonly code: "AUTH_FAILED" | "CONNECT_FAILED";
  readonly reason: string;
  readonly hint?: string;
}

/** One error for all addresses that were tried: AUTH_FAILED if any server answered with a refusal, else CONNECT_FAILED. */
export async function connectError(
  failures: readonly DialFailure[],
  settings: ConnectionSettings,
  credentials: LoadedCredentials,
): Promise<RelightError> {
  const diagnosed = await Promise.all(
    failures.map(async (failure) => ({ ...failure, ...(await diagnose(failure, settings, credentials)) })),
  );
  const worst = diagnosed.find((one) => one.code === "AUTH_FAILED") ?? diagnosed[0];
  const reasons = diagnosed.map(({ server, reason }) => `${server.url}: ${reason}`).join("; ");
  const options: RelightErrorOptions = {
    cause: worst?.error,
    context: { servers: settings.servers.map((server) => server.url), origin: settings.serversOrigin },
    ...(worst?.hint === undefined ? {} : { hint: worst.hint }),
  };
  const verb = worst?.code === "AUTH_FAILED" ? "refused by" : "cannot connect to";
  return new RelightError(worst?.code ?? "CONNECT_FAILED", `${verb} ${reasons}`, options);
}

async function diagnose(
  { server, error }: DialFailure,
  settings: ConnectionSettings,
  credentials: LoadedCredentials,
): Promise<Diagnosis> {
  const root = rootOf(error);
  const text = root.message;
  if (/authori[sz]ation violation|authentication (expired|revoked)|authentication timeout/i.test(text)) {
    const { expires } = credentials;
    if (expires && expires.getTime() < Date.now()) {
      return {
        code: "AUTH_FAILED",
        reason: `${text}: the credentials expired on ${expires.toISOString()}`,
        hint: "Get new credentials.",
      };
    }
    return { code: "AUTH_FAILED", reason: text };
  }
  // A WebSocket fails without a reason; a plain connection to the same place tells it.
  if (isWebSocket(server) && root.name !== "TimeoutError" && root.code === undefined) {
    const cause = await dialFailure(server, settings.timeoutMs);
    if (cause === undefined) return unreached("it answers, but not as a WebSocket of a nats-server");
    return diagnoseSystemError(rootOf(cause), server, settings);
  }
  const closed = root.code === "ECONNRESET" || root.code === "EPIPE";
  if (closed && !isWebSocket(server) && (await wantsClientCertificate(server, settings.timeoutMs))) {
    return clientCertificate(settings);
  }
  return diagnoseSystemError(root, server, settings);
}

function clientCertificate(settings: ConnectionSettings): Diagnosis {
  const given = settings.tls.cert !== undefined;
  return {
    code: "AUTH_FAILED",
    reason: given ? "the server does not accept the client certificate" : "the server wants a client certificate",
    hint: "Check --tlscert and --tlskey.",
  };
}

function diagnoseSystemError(root: RootError, server: ServerAddress, settings: ConnectionSettings): Diagnosis {
  const { code = "", message } = root;
  if (/ALERT_(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_UNKNOWN|HANDSHAKE_FAILURE)/.test(code)) {
    return clientCertificate(settings);
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return unreached(
      "the server's certificate is not for this host",
      `Use a name or an address of the certificate. ${message}`,
    );
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/.test(code)) {
    const cure = isWebSocket(server)
      ? "Start Relight with NODE_EXTRA_CA_CERTS=<file of the certificate authority>."
      : "Give the certificate authority with --tlsca.";
    return unreached(`the server's certificate is not trusted: ${message}`, cure);
  }
  if (code === "ERR_SSL_WRONG_VERSION_NUMBER" || code === "ERR_SSL_PACKET_LENGTH_TOO_LONG") {
    const cure = isWebSocket(server) ? "Use ws:// if plain text is meant" : "Leave --tlsfirst off";
    return unreached("the server does not begin with TLS", `${cure}, or check the port.`);
  }
  if (root.name === "TimeoutError" || code === "ETIMEDOUT") {
    const plain = !isWebSocket(server) && !settings.tls.handshakeFirst;
    return unreached(
      `no answer within ${formatGoDuration(settings.timeoutMs)}`,
      `Check the address and --timeout${plain ? ", and --tlsfirst if the server begins with TLS" : ""}.`,
    );
  }
  switch (code) {
    case "ECONNREFUSED":
      return unreached("connection refused");
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return unreached(`the host name "${server.host}" cannot be resolved (${code})`);
    case "ECONNRESET":
    case "EPIPE":
      return unreached(
        "the server closed the connection",
        ...(settings.tls.handshakeFirst
          ? ["Check the address, and --tlscert if the server wants a client certificate."]
          : []),
      );
  }
  if (/does not support 'tls'/.test(message)) {
    return unreached(
      "the server does not offer TLS",
      "Use a nats:// address and no TLS settings if plain text is meant.",
    );
  }
  if (/undefined error/.test(message)) return unreached("the connection was closed before the server's greeting");
  return unreached(message || code || "it failed without a reason");
}

function unreached(reason: string, hint?: string): Diagnosis {
  return { code: "CONNECT_FAILED", reason, ...(hint === undefined ? {} : { hint }) };
}

interface RootError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
}

/** The innermost error that carries a code of the system, else the error itself. */
function rootOf(error: unknown): RootError {
  let innermost: unknown = error;
  for (let depth = 0; depth < 5 && innermost instanceof Error && innermost.cause instanceof Error; depth++) {
    innermost = innermost.cause;
  }
  const first = innermost instanceof AggregateError ? innermost.errors[0] : innermost;
  if (!(first instanceof Error)) return { name: "Error", message: String(error ?? "") };
  const { code } = first as NodeJS.ErrnoException;
  return { name: first.name, message: first.message, ...(code === undefined ? {} : { code }) };
}
