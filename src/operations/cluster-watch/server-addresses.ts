import type { NatsConnection } from "@nats-io/nats-core";
import type { ListeningAddress } from "./sign-of-life.ts";

interface ServerAnswer<Data> {
  readonly server: { readonly name: string };
  readonly data?: Data;
}
interface Varz {
  readonly port?: number;
  readonly http_port?: number;
}
interface Routez {
  readonly routes?: readonly { readonly remote_name?: string; readonly ip?: string }[] | null;
}

/** How often they are asked for, in ms, and how long answers are waited for. */
const everyMs = 60_000;
const answerMs = 2_000;
const silenceMs = 700;

/** Where servers listen: the ports as they say themselves, the hosts as the others' routes to them say. Kept of those that died. */
export class ServerAddresses {
  readonly #ports = new Map<string, Varz>();
  readonly #hosts = new Map<string, ReadonlySet<string>>();
  #askedAt = 0;

  /** Asks all servers, at most once a minute. What nobody answers is not known. */
  async learn(system: NatsConnection): Promise<void> {
    if (Date.now() - this.#askedAt < everyMs) return;
    this.#askedAt = Date.now();
    const [ports, routes] = await Promise.all([askAll<Varz>(system, "VARZ"), askAll<Routez>(system, "ROUTEZ")]);
    for (const { server, data } of ports) if (data) this.#ports.set(server.name, data);
    const hosts = new Map<string, Set<string>>();
    for (const { data } of routes) {
      for (const { remote_name: name, ip } of data?.routes ?? []) {
        if (name && ip) hosts.set(name, (hosts.get(name) ?? new Set()).add(ip));
      }
    }
    for (const [name, known] of hosts) this.#hosts.set(name, known);
  }

  of(server: string): readonly ListeningAddress[] {
    const { port = 0, http_port: monitor = 0 } = this.#ports.get(server) ?? {};
    return [...(this.#hosts.get(server) ?? [])].flatMap((host): readonly ListeningAddress[] => [
      ...(port > 0 ? [{ host, port, kind: "client" } as const] : []),
      ...(monitor > 0 ? [{ host, port: monitor, kind: "monitor" } as const] : []),
    ]);
  }
}

async function askAll<Data>(system: NatsConnection, what: "VARZ" | "ROUTEZ"): Promise<readonly ServerAnswer<Data>[]> {
  const answers: ServerAnswer<Data>[] = [];
  try {
    const options = { strategy: "stall", maxWait: answerMs, stall: silenceMs } as const;
    for await (const reply of await system.requestMany(`$SYS.REQ.SERVER.PING.${what}`, "", options)) {
      answers.push(reply.json<ServerAnswer<Data>>());
    }
  } catch {
    // A connection that is lost just now: what was known is known.
  }
  return answers;
}
