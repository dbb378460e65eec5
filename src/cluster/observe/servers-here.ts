import type { StatszAnswer } from "./server-answers.ts";

/** What the server that Relight is connected to said of itself when the connection began. */
export interface ConnectedServer {
  readonly server_id?: string | undefined;
  readonly cluster?: string | undefined;
  readonly domain?: string | undefined;
  readonly jetstream?: boolean | undefined;
}

export interface ServersHere {
  readonly here: readonly StatszAnswer[];
  /** Names of servers that run JetStream by themselves in the same domain: what is asked of an account here, they may answer. */
  readonly alone: readonly string[];
}

/**
 * Those of all servers that answer which belong to the JetStream that is looked at. Leaf nodes answer on the system account too: with a
 * JetStream domain of their own they have a meta group of their own, and without one and without a cluster no group at all. Servers
 * without JetStream name no domain, whichever cluster they are of; where the connection is to one of those, the JetStream is that of its
 * cluster, of those that gateways lead to, or else the one that answers the account (`askDomain`).
 */
export async function serversHere(
  answers: readonly StatszAnswer[],
  connected: ConnectedServer,
  askDomain: () => Promise<string | undefined>,
): Promise<ServersHere> {
  const own = answers.find(({ server }) => server.id === connected.server_id);
  if (own && isAlone(own)) return { here: [own], alone: [] };
  const clusters = new Set(connected.cluster === undefined ? [] : [connected.cluster]);
  for (const { server, statsz } of answers) {
    if (server.cluster !== connected.cluster) continue;
    for (const { name } of statsz?.gateways ?? []) clusters.add(name);
  }
  const near = answers.find((one) => hasJetStream(one) && !isAlone(one) && clusters.has(one.server.cluster ?? ""));
  const domain = connected.jetstream ? connected.domain : near ? near.server.domain : await askDomain();
  const fitting = answers.filter((one) => hasJetStream(one) && (one.server.domain ?? "") === (domain ?? ""));
  const members = fitting.filter((one) => !isAlone(one));
  for (const { server } of members) clusters.add(server.cluster ?? "");
  const here = answers.filter((one) => {
    return members.includes(one) || (!hasJetStream(one) && clusters.has(one.server.cluster ?? ""));
  });
  return { here, alone: fitting.filter(isAlone).map(({ server }) => server.name) };
}

const hasJetStream = ({ server }: StatszAnswer): boolean => server.jetstream !== false;

/** Whether it runs JetStream that belongs to no meta group. One whose JetStream was switched off tells nothing of either. */
const isAlone = ({ statsz }: StatszAnswer): boolean => Boolean(statsz?.jetstream?.config) && !statsz?.jetstream?.meta;
