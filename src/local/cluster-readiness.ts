import type { LocalServer } from "./local-server.ts";

interface MetaGroup {
  readonly leader?: string;
  readonly cluster_size?: number;
  readonly replicas?: readonly { readonly name: string; readonly current: boolean; readonly offline?: boolean }[];
}

interface Route {
  readonly remote_name: string;
  /** The subjects that the other end wants to hear. */
  readonly subscriptions_list?: readonly string[];
}

/**
 * Undefined when the cluster is ready: every node says that it is healthy, all name the same meta leader, that leader has
 * them all as members, current ones, and requests on the system account reach every node from every other. Otherwise what
 * is wanting. `missing` members more may be down.
 *
 * Asked over HTTP, as that needs no credentials and works where JetStream has no leader.
 * Source: nats-server `server/monitor.go` (`JSInfo`, `MetaClusterInfo`, `Routez`).
 */
export async function whatClusterLacks(nodes: readonly LocalServer[], missing = 0): Promise<string | undefined> {
  const down = nodes.find(({ running }) => !running);
  if (down) return `${down.name} does not run`;
  const metas = new Map<string, MetaGroup>();
  for (const node of nodes) {
    try {
      const lack = await whatNodeLacks(node, nodes);
      if (lack !== undefined) return `${node.name}: ${lack}`;
      metas.set(node.name, (await ask<{ readonly meta_cluster?: MetaGroup }>(node, "jsz")).meta_cluster ?? {});
    } catch (error) {
      return `${node.name}: ${(error as Error).message}`;
    }
  }
  return whatMetaGroupLacks(metas, missing);
}

async function whatNodeLacks(node: LocalServer, nodes: readonly LocalServer[]): Promise<string | undefined> {
  const health = await ask<{ readonly status: string; readonly error?: string }>(node, "healthz");
  if (health.status !== "ok") return health.error ?? health.status;
  const { routes } = await ask<{ readonly routes?: readonly Route[] }>(node, "routez?subs=1");
  // Since 2.10 the system account has routes of its own, which may come up after the others.
  const reached = (routes ?? [])
    .filter(({ subscriptions_list }) => subscriptions_list?.includes("$SYS.REQ.SERVER.PING"))
    .map(({ remote_name }) => remote_name);
  const missing = nodes.filter(({ name }) => name !== node.name && !reached.includes(name));
  return missing.length === 0 ? undefined : `no route to ${missing.map(({ name }) => name).join(", ")}`;
}

function whatMetaGroupLacks(metas: ReadonlyMap<string, MetaGroup>, missing: number): string | undefined {
  const leaders = new Set([...metas.values()].map(({ leader }) => leader ?? "nobody"));
  if (leaders.size !== 1) return `the nodes disagree about the meta leader: ${[...leaders].join(", ")}`;
  const [leader = ""] = leaders;
  // Replicas are true in the leader's own answer only.
  const meta = metas.get(leader);
  if (!meta) return `the meta leader is ${leader}`;
  const size = metas.size + missing;
  if (meta.cluster_size !== size) return `the meta group has ${meta.cluster_size} members, not ${size}`;
  const current = (meta.replicas ?? []).filter(
    (replica) => replica.current && !replica.offline && metas.has(replica.name),
  );
  return current.length === metas.size - 1 ? undefined : `${current.length} of ${metas.size - 1} replicas are current`;
}

/** The answer's JSON, whatever the status. */
async function ask<Answer>(node: LocalServer, what: string): Promise<Answer> {
  const response = await fetch(`${node.monitorUrl}/${what}`, { signal: AbortSignal.timeout(2_000) });
  return (await response.json()) as Answer;
}
