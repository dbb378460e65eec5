import { isIP, type Socket, connect as tcpDial } from "node:net";
import { type ConnectionOptions, checkServerIdentity, connect as tlsDial } from "node:tls";
import { type Greeting, WireConnection } from "../wire/wire-connection.ts";
import type { Dialling } from "./dial.ts";
import type { LoadedTls } from "./load-tls.ts";
import { isWebSocket, type ServerAddress } from "./server-url.ts";

/** An INFO line can name many servers. */
const maxGreeting = 1024 * 1024;

/**
 * Connects a {@link WireConnection}, by TCP or TLS. Undefined for WebSockets, and where anything fails: the NATS client then
 * connects as it always did, or knows how to say why not.
 */
export async function dialWire(server: ServerAddress, dialling: Dialling): Promise<WireConnection | undefined> {
  const { settings, signal } = dialling;
  if (isWebSocket(server) || signal?.aborted) return undefined;
  const attempt = new AbortController();
  const giveUp = (): void => attempt.abort();
  const timer = setTimeout(giveUp, settings.timeoutMs);
  signal?.addEventListener("abort", giveUp, { once: true });
  try {
    return (await dialPlain(server, dialling, attempt.signal)) ?? (await dialTls(server, dialling, attempt.signal));
  } catch {
    attempt.abort();
    return undefined;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", giveUp);
  }
}

/** Undefined where TLS is meant. */
async function dialPlain(
  server: ServerAddress,
  dialling: Dialling,
  signal: AbortSignal,
): Promise<WireConnection | undefined> {
  if (dialling.tls !== undefined) return undefined;
  const { host, port } = server;
  const wire = newWire(dialling, signal);
  // Node takes a function for the buffer; its types know only the buffer itself.
  const onread = wire.onread as unknown as { buffer: Uint8Array; callback: (bytes: number) => boolean };
  const greeting = await wire.attach(tcpDial({ host, port, onread, noDelay: true }), { reads: true });
  // A server that merely offers TLS gets it, as from the NATS client.
  if (greeting.tls_required || greeting.tls_available) {
    await wire.close();
    return undefined;
  }
  return introduced(wire, greeting, server, dialling);
}

async function dialTls(server: ServerAddress, dialling: Dialling, signal: AbortSignal): Promise<WireConnection> {
  const { host, port } = server;
  const { tls = {} } = dialling;
  const wire = newWire(dialling, signal);
  if (tls.handshakeFirst) {
    return introduced(wire, await wire.attach(await secured(server, tls, signal)), server, dialling);
  }
  const socket = tcpDial({ host, port, noDelay: true, signal });
  const greeting = await greetingOf(socket, signal);
  await wire.attach(await secured(server, tls, signal, socket), { greeting });
  return introduced(wire, greeting, server, dialling);
}

/** One that is closed where the attempt is given up. */
function newWire({ settings }: Dialling, signal: AbortSignal): WireConnection {
  const wire = new WireConnection({ inboxPrefix: settings.inboxPrefix });
  signal.addEventListener("abort", () => void wire.close(), { once: true });
  return wire;
}

async function introduced(
  wire: WireConnection,
  { nonce }: Greeting,
  server: ServerAddress,
  { settings, credentials, tls }: Dialling,
): Promise<WireConnection> {
  await wire.introduce({
    verbose: false,
    pedantic: false,
    tls_required: tls !== undefined,
    name: settings.name,
    lang: "relight",
    version: "1",
    protocol: 1,
    headers: true,
    no_responders: true,
    ...credentials.authenticate(nonce, server.userInfo),
  });
  return wire;
}

/** A socket on which the handshake is done, and the certificate is for the host that was asked for. */
async function secured(server: ServerAddress, tls: LoadedTls, signal: AbortSignal, socket?: Socket): Promise<Socket> {
  const { host, port } = server;
  const { handshakeFirst: _, ...files } = tls;
  const options: ConnectionOptions = {
    ...files,
    ...(socket ? { socket } : { host, port }),
    ...(isIP(host) > 0 ? {} : { servername: host }),
    checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
  };
  const secure = tlsDial(options);
  await happened(secure, "secureConnect", signal);
  return secure;
}

/** Reads the server's first line, and nothing behind it. */
async function greetingOf(socket: Socket, signal: AbortSignal): Promise<Greeting> {
  let text = "";
  for (;;) {
    const bytes = (await happened(socket, "data", signal)) as Buffer;
    text += bytes.toString("latin1");
    const end = text.indexOf("\n");
    if (end === text.length - 1 && text.startsWith("INFO ")) {
      socket.pause();
      const greeting = JSON.parse(Buffer.from(text.slice(5), "latin1").toString("utf8")) as Greeting;
      if (!greeting.tls_required && !greeting.tls_available) throw new Error("the server does not offer TLS");
      return greeting;
    }
    if (end >= 0 || text.length > maxGreeting) throw new Error("no greeting of a nats-server");
  }
}

/** What a socket tells with an event; rejects, having destroyed it, where it fails, closes or is given up before. */
function happened(socket: Socket, event: string, signal: AbortSignal): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const fail = (error?: unknown): void => {
    socket.destroy();
    reject(error instanceof Error ? error : new Error("the connection was closed"));
  };
  // Listens to errors for good: one that comes after a failure has nobody else.
  socket.on("error", fail).once("end", fail).once("close", fail).once(event, resolve);
  signal.addEventListener("abort", fail, { once: true });
  return promise.finally(() => {
    socket.off("end", fail).off("close", fail).off(event, resolve);
    signal.removeEventListener("abort", fail);
  });
}
