import { isIP, type Socket, connect as tcpDial } from "node:net";
import { connect as tlsDial } from "node:tls";
import type { ServerAddress } from "./server-url.ts";

/** Dials the port of a WebSocket server, and says what that fails with: WebSockets fail without a reason. */
export function dialFailure(server: ServerAddress, timeoutMs: number): Promise<Error | undefined> {
  const { host, port, scheme } = server;
  if (scheme !== "wss") return ask(tcpDial({ host, port }), "connect", timeoutMs).then(({ error }) => error);
  const servername = isIP(host) > 0 ? {} : { servername: host };
  const socket = tlsDial({ host, port, ...servername });
  return ask(socket, "secureConnect", timeoutMs).then(({ error }) => error);
}

/**
 * True where the server's greeting asks for a client certificate. With TLS 1.3 a refused certificate is told to the
 * client after the handshake, and often lost with the connection.
 */
export async function wantsClientCertificate(server: ServerAddress, timeoutMs: number): Promise<boolean> {
  const { host, port } = server;
  const { data } = await ask(tcpDial({ host, port }), "data", timeoutMs);
  return /^INFO .*"tls_verify":\s*true/.test(data);
}

/** Waits for an event of a socket, or what comes instead of it, and lets the socket go. */
function ask(
  socket: Socket,
  event: string,
  timeoutMs: number,
): Promise<{ readonly error?: Error; readonly data: string }> {
  return new Promise((resolve) => {
    const done = (error?: Error, data = ""): void => {
      socket.destroy();
      resolve({ ...(error ? { error } : {}), data });
    };
    socket.once(event, (data?: Buffer) => done(undefined, data?.toString("utf8")));
    socket.on("error", done);
    socket.once("close", () => done());
    socket.setTimeout(timeoutMs, () => done(Object.assign(new Error("timeout"), { name: "TimeoutError" })));
  });
}
