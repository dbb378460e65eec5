import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";

const storage = new AsyncLocalStorage<Set<Socket>>();
let subscribed = false;

/**
 * Runs `attempt` and, if it fails, destroys the TCP sockets that it opened.
 *
 * The NATS client gives up on a time-out without closing the socket that is still dialling, and offers no handle on it:
 * towards a host that drops packets it would keep the process alive for two minutes. Node announces each client socket
 * on a diagnostics channel, in the asynchronous context of the one who opens it.
 */
export async function destroyingStraySockets<T>(attempt: () => Promise<T>): Promise<T> {
  if (!subscribed) {
    subscribed = true;
    subscribe("net.client.socket", (message) => {
      storage.getStore()?.add((message as { readonly socket: Socket }).socket);
    });
  }
  const sockets = new Set<Socket>();
  try {
    return await storage.run(sockets, attempt);
  } catch (error) {
    for (const socket of sockets) {
      // Its owner has stopped listening; an error after that would end the process.
      socket.on("error", () => {});
      socket.destroy();
    }
    throw error;
  }
}
