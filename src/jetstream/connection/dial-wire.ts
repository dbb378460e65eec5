import { type Socket, connect as tcpDial } from "node:net";
import { type Greeting, WireConnection } from "../wire/wire-connection.ts";
import type { Dialling } from "./dial.ts";
import type { ServerAddress } from "./server-url.ts";

/**
 * Connects a {@link WireConnection}, where that is possible: to a server that is spoken to in plain text. Undefined
 * otherwise, and where anything fails: the NATS client then connects as it always did, or knows how to say why not.
 */
export async function dialWire(server: ServerAddress, dialling: Dialling): Promise<WireConnection | undefined> {
  const { settings, credentials, tls, signal } = dialling;
  if (server.scheme !== "nats" || tls !== undefined || signal?.aborted) return undefined;
  const wire = new WireConnection({ inboxPrefix: settings.inboxPrefix });
  const giveUp = (): void => void wire.close();
  const timer = setTimeout(giveUp, settings.timeoutMs);
  signal?.addEventListener("abort", giveUp, { once: true });
  try {
    const { host, port } = server;
    // Node takes a function for the buffer; its types know only the buffer itself.
    const onread = wire.onread as unknown as { buffer: Uint8Array; callback: (bytes: number) => boolean };
    const socket: Socket = tcpDial({ host, port, onread, noDelay: true });
    const greeting = await wire.attach(socket);
    if (usesTls(greeting)) {
      await wire.close();
      return undefined;
    }
    await wire.introduce({
      verbose: false,
      pedantic: false,
      tls_required: false,
      name: settings.name,
      lang: "relight",
      version: "1",
      protocol: 1,
      headers: true,
      no_responders: true,
      ...credentials.authenticate(greeting.nonce, server.userInfo),
    });
    return wire;
  } catch {
    await wire.close();
    return undefined;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", giveUp);
  }
}

/** A server that merely offers TLS gets it, as from the NATS client. */
function usesTls({ tls_required, tls_available }: Greeting): boolean {
  return Boolean(tls_required || tls_available);
}
