import type { NatsConnection } from "@nats-io/nats-core";
import { isUnseen, type Known } from "../unseen.ts";
import { askServer, pingServers } from "./ask-servers.ts";
import type { AccountDetail, HealthzAnswer, JszAnswer, StatszAnswer } from "./server-answers.ts";
import { type ConnectedServer, serversHere } from "./servers-here.ts";

/** All that the servers themselves said, in one sample. */
export interface SystemView {
  readonly servers: readonly ServerView[];
  /** Servers that run JetStream by themselves, and may have answered an account in these ones' place. */
  readonly alone: readonly string[];
  /** When the answers came, to compare clocks with. */
  readonly askedAt: number;
  readonly answeredAt: number;
}

export interface ServerView {
  readonly ping: StatszAnswer;
  readonly jsz: Known<JszAnswer>;
  readonly health: Known<HealthzAnswer>;
}

export interface SystemViewOptions {
  /** How long PINGs are waited for, in ms. Default 2000. */
  readonly pingMs?: number | undefined;
  /** Servers to wait for; others get a moment more only. Without it all that the servers know of are waited for. */
  readonly expected?: ReadonlySet<string> | undefined;
  /** How long one server may take to list its streams, in ms. Default 10000. */
  readonly timeoutMs?: number | undefined;
  /** The domain of the JetStream that answers the account; undefined: it has none, or does not tell. Default: none. */
  readonly askDomain?: (() => Promise<string | undefined>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Accounts of one page of JSZ; the server's own limit is 1024. */
const accountsPerPage = 200;

/** Asks every server who it is, then each of them for its replicas and its health. */
export async function lookAsSystem(
  system: NatsConnection,
  { pingMs = 2_000, timeoutMs = 10_000, expected, askDomain = async () => undefined, signal }: SystemViewOptions = {},
): Promise<Known<SystemView>> {
  const askedAt = Date.now();
  const pings = await pingServers(system, { longestMs: pingMs, expected, signal });
  if (isUnseen(pings)) return pings;
  const answeredAt = Date.now();
  const { here, alone } = await serversHere(pings, (system.info ?? {}) as ConnectedServer, askDomain);
  const servers = here.map(async (ping): Promise<ServerView> => {
    const { id } = ping.server;
    const [jsz, health] = await Promise.all([
      listReplicas(system, id, timeoutMs),
      askServer<HealthzAnswer>(system, id, "HEALTHZ", { details: true }, timeoutMs),
    ]);
    return { ping, jsz, health };
  });
  const views = await Promise.all(servers);
  // Who may only ask who is there sees no replica, which is not the same as that there is none.
  const [first] = views;
  if (first && isUnseen(first.jsz) && views.every(({ jsz }) => isUnseen(jsz) && jsz.unseen === "forbidden")) {
    return first.jsz;
  }
  return { servers: views, alone, askedAt, answeredAt };
}

/** JSZ of one server, all pages of accounts put together. */
async function listReplicas(system: NatsConnection, id: string, timeoutMs: number): Promise<Known<JszAnswer>> {
  const accounts: AccountDetail[] = [];
  const what = { accounts: true, streams: true, consumer: true, config: true, raft: true };
  for (;;) {
    const body = { ...what, offset: accounts.length, limit: accountsPerPage };
    const page = await askServer<JszAnswer>(system, id, "JSZ", body, timeoutMs);
    if (isUnseen(page)) return page;
    const details = page.account_details ?? [];
    accounts.push(...details);
    if (details.length < accountsPerPage) return { ...page, account_details: accounts };
  }
}
