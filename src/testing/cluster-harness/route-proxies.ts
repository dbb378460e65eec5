import type { RouteWiring } from "../../local/local-cluster.ts";
import { TcpProxy } from "../tcp-proxy.ts";

interface Route {
  readonly from: string;
  readonly to: string;
  readonly proxy: TcpProxy;
}

/**
 * The routes of a cluster through proxies, one for each way from a node to another, so that a test can part nodes from the others.
 * What clients and monitoring do goes past them. For the option `wiring` of a local cluster.
 */
export class RouteProxies implements RouteWiring, AsyncDisposable {
  #routes: Route[] = [];
  #isCut: (one: string, other: string) => boolean = () => false;

  async connect(from: string, others: ReadonlyMap<string, number>): Promise<readonly number[]> {
    // A cluster that is started anew has other ports.
    const old = this.#routes.filter((route) => route.from === from);
    this.#routes = this.#routes.filter((route) => route.from !== from);
    await Promise.all(old.map(({ proxy }) => proxy.stop()));
    const routes = await Promise.all(
      [...others].map(async ([to, targetPort]) => ({ from, to, proxy: await TcpProxy.start({ targetPort }) })),
    );
    this.#routes.push(...routes);
    this.#apply();
    return routes.map(({ proxy }) => proxy.port);
  }

  /** Cuts these nodes off from all others, at once and until `heal`; among each other they go on. */
  part(...names: readonly string[]): void {
    this.#isCut = (one, other) => names.includes(one) !== names.includes(other);
    this.#apply();
  }

  /** Cuts every way between two of these nodes, at once and until `heal`; the others reach all of them. */
  sever(...names: readonly string[]): void {
    this.#isCut = (one, other) => names.includes(one) && names.includes(other);
    this.#apply();
  }

  heal(): void {
    this.part();
  }

  /** Connections that are open now between a node and another, whoever called. */
  open(one: string, other: string): number {
    const between = this.#routes.filter(({ from, to }) => [from, to].includes(one) && [from, to].includes(other));
    return between.reduce((sum, { proxy }) => sum + proxy.open, 0);
  }

  #apply(): void {
    for (const { from, to, proxy } of this.#routes) {
      const cut = this.#isCut(from, to);
      proxy.refuse(cut);
      if (cut) proxy.cut();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#routes.map(({ proxy }) => proxy.stop()));
  }
}
