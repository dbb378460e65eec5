import { mkdir, rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { RelightError } from "../errors.ts";
import { whatClusterLacks } from "./cluster-readiness.ts";
import { findServer } from "./find-server.ts";
import { freePorts } from "./free-ports.ts";
import { LocalServer, type LocalServerOptions } from "./local-server.ts";

export interface LocalClusterOptions
  extends Omit<LocalServerOptions, "name" | "port" | "cluster" | "monitor" | "storeDirectory" | "systemAccount"> {
  /** How many nodes. Default: 3. */
  readonly size?: 1 | 2 | 3 | 4 | 5 | undefined;
  /** The cluster's name. Default: "relight". */
  readonly name?: string | undefined;
  /** How long the cluster may take to be ready. Default: 60 s; a few are usual, more where others compete for the processor. */
  readonly readyTimeoutMs?: number | undefined;
}

/** How often a cluster is started from nothing, where the last start had bad luck. */
const attempts = 3;
/**
 * A node can stay outside of the meta group for good: a founding leader that has not yet heard that another node has
 * JetStream makes the group smaller by one. On 2.10 about one start in 16 where processors are scarce, as measured; never
 * seen in 530 starts of 2.15. Source: nats-server `server/jetstream_cluster.go` (`checkClusterSize`).
 */
const nodeOutside = /the meta group has \d+ members|has not established contact with a meta leader/;
/** Usually it takes less than one second. */
const foundingMs = 10_000;

/** Starts a cluster on loopback; resolves when it is ready. See {@link LocalCluster.start}. */
export function startCluster(options: LocalClusterOptions = {}): Promise<LocalCluster> {
  return LocalCluster.start(options);
}

/**
 * A cluster of nats-servers n1, n2, ... on loopback, with JetStream and the system account SYS (user sys, password sys).
 *
 * Without `accounts`, clients without credentials belong to the account APP. All nodes keep their ports while they are
 * down. `servers[i]` can be killed, launched, paused and restarted; `ready` waits until the cluster has recovered.
 */
export class LocalCluster implements AsyncDisposable {
  readonly name: string;
  readonly version: string;
  readonly servers: readonly LocalServer[];
  readonly #readyTimeoutMs: number;

  private constructor(name: string, servers: readonly LocalServer[], readyTimeoutMs: number) {
    this.name = name;
    this.servers = servers;
    this.version = servers[0]?.version ?? "";
    this.#readyTimeoutMs = readyTimeoutMs;
  }

  /** Throws SERVER_NOT_FOUND, and SERVER_START_FAILED with what the cluster lacks, or with the log of a node that does not start. */
  static async start(options: LocalClusterOptions = {}): Promise<LocalCluster> {
    const { size = 3, name = "relight", readyTimeoutMs = 60_000, binary, version, onStep, ...rest } = options;
    const path = binary ?? (await findServer({ version, onStep })).path;
    for (let attempt = 1; ; attempt++) {
      // Every node must know the routes to all before it starts: their number is the size that the meta group begins with.
      const routes = await freePorts(size);
      const starts = routes.map((port, index) => {
        const cluster = { name, port, routes };
        const node = { ...rest, binary: path, name: `n${index + 1}`, cluster, monitor: true, systemAccount: true };
        return LocalServer.start(node);
      });
      const settled = await Promise.allSettled(starts);
      const servers = settled.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
      const failure = settled.find((result) => result.status === "rejected")?.reason as Error | undefined;
      const cluster = new LocalCluster(name, servers, readyTimeoutMs);
      try {
        if (failure) throw failure;
        await cluster.#becomesReady(readyTimeoutMs, { startsAnew: attempt < attempts });
        return cluster;
      } catch (error) {
        await cluster.stop();
        const { message } = error as Error;
        const unlucky = /address already in use/.test(message) || nodeOutside.test(message);
        if (!unlucky || attempt === attempts) throw error;
      }
    }
  }

  /** All nodes, for a client: "nats://127.0.0.1:20001,nats://127.0.0.1:20002". */
  get url(): string {
    return this.urls.join(",");
  }

  get urls(): readonly string[] {
    return this.servers.map(({ url }) => url);
  }

  /** The node of a name ("n2"). Throws RangeError where there is none. */
  node(name: string): LocalServer {
    const found = this.servers.find((server) => server.name === name);
    if (!found) throw new RangeError(`the cluster has no node ${name}`);
    return found;
  }

  /**
   * Waits until every node that runs is healthy, all agree about the meta leader and its whole group is current. With nodes
   * that are down it never is. Throws SERVER_START_FAILED with what was wanting in the end.
   */
  async ready(timeoutMs = this.#readyTimeoutMs): Promise<void> {
    await this.#becomesReady(timeoutMs, {});
  }

  /** With `startsAnew` it does not wait long for nodes that the meta group was founded without. */
  async #becomesReady(timeoutMs: number, { startsAnew = false }: { readonly startsAnew?: boolean }): Promise<void> {
    const until = Date.now() + timeoutMs;
    let together = Date.now();
    for (;;) {
      const lack = await whatClusterLacks(this.servers);
      if (lack === undefined) return;
      if (!nodeOutside.test(lack)) together = Date.now();
      if (Date.now() > until || (startsAnew && Date.now() - together > foundingMs)) {
        throw new RelightError("SERVER_START_FAILED", `the cluster ${this.name} did not become ready: ${lack}`, {
          context: { logs: this.servers.map(({ logPath }) => logPath) },
        });
      }
      await sleep(50);
    }
  }

  /** Kills a node and empties its store, as a lost disk would; `launch` starts it again, under its old name. */
  async wipe(name: string): Promise<void> {
    const server = this.node(name);
    await server.kill();
    await rm(server.storeDirectory, { recursive: true, force: true });
    await mkdir(server.storeDirectory);
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
