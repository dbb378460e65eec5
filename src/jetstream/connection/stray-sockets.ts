import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";

/** The sockets of one attempt; `open` ends with it, since all that a connection ever does runs in its context. */
interface Attempt {
  open: boolean;
  readonly sockets: Set<Socket>;
}

const storage = new AsyncLocalStorage<Attempt>();
let subscribed = false;

/**
 * Runs `attempt`, which connects, and destroys the TCP sockets that it opened when `giveUp` says so.
 *
 * The NATS client gives up on a time-out without closing the socket that is still dialling, and offers no handle on it:
 * towards a host that drops packets it would keep the process alive for two minutes. Node announces each client socket
 * on a diagnostics channel, in the asynchronous context of the one who opens it.
 */
export async function destroyingSockets<T>(giveUp: AbortSignal, attempt: () => Promise<T>): Promise<T> {
  if (!subscribed) {
    subscribed = true;
    subscribe("net.client.socket", (message) => {
      const current = storage.getStore();
      if (current?.open) current.sockets.add((message as { readonly socket: Socket }).socket);
    });
  }
  giveUp.throwIfAborted();
  const current: Attempt = { open: true, sockets: new Set() };
  const destroy = (): void => {
    for (const socket of current.sockets) {
      // Its owner may have stopped listening; an error after that would end the process.
      socket.on("error", () => {});
      socket.destroy();
    }
  };
  giveUp.addEventListener("abort", destroy, { once: true });
  const result = await storage.run(current, attempt);
  giveUp.removeEventListener("abort", destroy);
  current.open = false;
  current.sockets.clear();
  return result;
}
