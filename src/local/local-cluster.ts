import { mkdir, rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { RelightError } from "../errors.ts";
import { whatClusterLacks } from "./cluster-readiness.ts";
import { findServer } from "./find-server.ts";
import { freePorts } from "./free-ports.ts";
import { LocalServer, type LocalServerOptions } from "./local-server.ts";

/** What a node has of its own. */
export interface NodeOptions
  extends Pick<LocalServerOptions, "version" | "tags" | "jetstream" | "config" | "storeDirectory" | "maxFileStore"> {}

export interface LocalClusterOptions
  extends Omit<LocalServerOptions, "name" | "port" | "cluster" | "monitor" | "storeDirectory" | "systemAccount"> {
  /** How many nodes. Default: 3. */
  readonly size?: 1 | 2 | 3 | 4 | 5 | undefined;
  /** The cluster's name. Default: "relight". */
  readonly name?: string | undefined;
  /** How long the cluster may take to be ready. Default: 60 s; a few are usual, more where others compete for the processor. */
  readonly readyTimeoutMs?: number | undefined;
  /** What a node has of its own, by its name: also those that are added later. */
  readonly node?: ((name: string) => NodeOptions) | undefined;
  /** The way to the other nodes, where that is not straight to their ports. */
  readonly wiring?: RouteWiring | undefined;
}

/** Where a node calls the others, such as at proxies that can be cut. */
export interface RouteWiring {
  /** The ports at which a node reaches others, whose own ports are given. Called before the node starts. */
  connect(from: string, others: ReadonlyMap<string, number>): Promise<readonly number[]>;
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
 * down. `servers[i]` can be killed, launched, paused and restarted; `ready` waits until the cluster has recovered. `add` starts
 * one more, as a spare or in place of one that is gone.
 */
export class LocalCluster implements AsyncDisposable {
  readonly name: string;
  readonly #options: LocalClusterOptions;
  readonly #binary: string;
  readonly #servers: LocalServer[] = [];
  /** The route port of every node that ever was, by its name. */
  readonly #routePorts = new Map<string, number>();

  private constructor(name: string, binary: string, options: LocalClusterOptions) {
    this.name = name;
    this.#binary = binary;
    this.#options = options;
  }

  /** Throws SERVER_NOT_FOUND, and SERVER_START_FAILED with what the cluster lacks, or with the log of a node that does not start. */
  static async start(options: LocalClusterOptions = {}): Promise<LocalCluster> {
    const { size = 3, name = "relight", binary, version, onStep } = options;
    const path = binary ?? (await findServer({ version, onStep })).path;
    for (let attempt = 1; ; attempt++) {
      const cluster = new LocalCluster(name, path, options);
      try {
        await cluster.#found(size);
        await cluster.#becomesReady(options.readyTimeoutMs, { startsAnew: attempt < attempts });
        return cluster;
      } catch (error) {
        await cluster.stop();
        const { message } = error as Error;
        const unlucky = /address already in use/.test(message) || nodeOutside.test(message);
        if (!unlucky || attempt === attempts) throw error;
      }
    }
  }

  async #found(size: number): Promise<void> {
    // Every node must know the routes to all before it starts: their number is the size that the meta group begins with.
    const ports = await freePorts(size);
    for (const [index, port] of ports.entries()) this.#routePorts.set(`n${index + 1}`, port);
    const settled = await Promise.allSettled([...this.#routePorts.keys()].map((name) => this.#startNode(name)));
    this.#servers.push(...settled.flatMap((result) => (result.status === "fulfilled" ? [result.value] : [])));
    const failure = settled.find((result) => result.status === "rejected");
    if (failure) throw failure.reason;
  }

  async #startNode(name: string): Promise<LocalServer> {
    const {
      size: _size,
      name: _name,
      readyTimeoutMs: _timeout,
      node,
      wiring,
      onStep: _onStep,
      ...shared
    } = this.#options;
    const port = this.#routePorts.get(name) ?? 0;
    const { version, ...own } = node?.(name) ?? {};
    const routes = wiring
      ? [port, ...(await wiring.connect(name, this.#others(name)))]
      : [...this.#routePorts.values()];
    return await LocalServer.start({
      ...shared,
      ...own,
      binary: version === undefined ? this.#binary : (await findServer({ version })).path,
      name,
      cluster: { name: this.name, port, routes, unadvertised: wiring !== undefined },
      monitor: true,
      systemAccount: true,
    });
  }

  #others(name: string): ReadonlyMap<string, number> {
    return new Map([...this.#routePorts].filter(([other]) => other !== name));
  }

  get version(): string {
    return this.#servers[0]?.version ?? "";
  }

  /** The nodes that belong to it, running or not. */
  get servers(): readonly LocalServer[] {
    return this.#servers;
  }

  /**
   * Starts one more node, under a name that none has had yet; resolves when it runs, which is before it is a member. The others
   * need no change: it calls them. See `ready`.
   */
  async add(name = `n${this.#routePorts.size + 1}`): Promise<LocalServer> {
    if (this.#routePorts.has(name)) throw new RangeError(`the cluster has had a node ${name} already`);
    const [port = 0] = await freePorts(1);
    this.#routePorts.set(name, port);
    const server = await this.#startNode(name);
    this.#servers.push(server);
    return server;
  }

  /** Stops a node for good, removes what it stored, and forgets it: `ready` does not miss it any more. */
  async discard(name: string): Promise<void> {
    const server = this.node(name);
    await server.stop();
    this.#servers.splice(this.#servers.indexOf(server), 1);
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
   * Waits until every node is healthy, all agree about the meta leader, and its group is just them and current. With nodes that
   * are down it never is; `without` names those that are, and stay members. Throws SERVER_START_FAILED with what was wanting in
   * the end.
   */
  async ready(timeoutMs = this.#options.readyTimeoutMs, without: readonly string[] = []): Promise<void> {
    await this.#becomesReady(timeoutMs, { without });
  }

  /** With `startsAnew` it does not wait long for nodes that the meta group was founded without. */
  async #becomesReady(
    timeoutMs = 60_000,
    { startsAnew = false, without = [] }: { readonly startsAnew?: boolean; readonly without?: readonly string[] },
  ): Promise<void> {
    const until = Date.now() + timeoutMs;
    const nodes = this.servers.filter(({ name }) => !without.includes(name));
    let together = Date.now();
    for (;;) {
      const lack = await whatClusterLacks(nodes, without.length);
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
