import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { clusterStatus } from "../../cluster/cluster-status.ts";
import type { ServerVerdict } from "../../cluster/judge-server.ts";
import { observeCluster } from "../../cluster/observe/observe-cluster.ts";
import { takePicture } from "../../cluster/observe/take-picture.ts";
import type { Sample } from "../../cluster/picture.ts";
import type { ClusterPlan } from "../../cluster/plan/cluster-plan.ts";
import { planCluster } from "../../cluster/plan/plan-cluster.ts";
import { defaultThresholds, noWords, type OperatorWords } from "../../cluster/plan/plan-request.ts";
import { isSeen, seenOr } from "../../cluster/unseen.ts";
import { LocalCluster, type LocalClusterOptions } from "../../local/local-cluster.ts";
import { backupAccount } from "../../operations/account-backup/backup-account.ts";
import { mergeLedgerFile, readLedgerFile } from "../../operations/cluster-ledger/ledger-file.ts";
import { recoverCluster } from "../../operations/cluster-recovery/recover-cluster.ts";
import type { RecoveryOutcome, RecoveryRequest } from "../../operations/cluster-recovery/recovery-request.ts";
import type { Tolerances } from "../compare-streams.ts";
import { jsRequest } from "../js-request.ts";
import { openTestSession } from "../open-test-session.ts";
import { readStream, type StreamContents } from "../read-stream.ts";
import type { OpenConfig } from "../stream-info.ts";
import { assertSameStream } from "./assert-same-stream.ts";
import { type Eyes, openEyes } from "./eyes.ts";
import { loadStream } from "./load-stream.ts";
import { showEvent } from "./recovery-outcome.ts";
import { RouteProxies } from "./route-proxies.ts";

export interface SceneOptions extends Pick<LocalClusterOptions, "size" | "node" | "accounts" | "noAuthUser"> {
  readonly version: string;
  /** Routes go through proxies, for partitions. */
  readonly proxied?: boolean;
}

/** Where a story of a cluster's recovery plays; everything is gone when it is disposed. */
export class RecoveryScene implements AsyncDisposable {
  readonly cluster: LocalCluster;
  readonly proxies: RouteProxies | undefined;
  readonly directory: string;
  readonly #backups: string[] = [];
  readonly #before = new Map<string, StreamContents>();
  readonly #resources: AsyncDisposableStack;

  private constructor(
    cluster: LocalCluster,
    proxies: RouteProxies | undefined,
    directory: string,
    resources: AsyncDisposableStack,
  ) {
    this.cluster = cluster;
    this.proxies = proxies;
    this.directory = directory;
    this.#resources = resources;
  }

  static async start({ version, proxied, ...options }: SceneOptions): Promise<RecoveryScene> {
    await using resources = new AsyncDisposableStack();
    const directory = await mkdtemp(join(tmpdir(), "relight-scene-"));
    resources.defer(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));
    const proxies = proxied ? resources.use(new RouteProxies()) : undefined;
    const cluster = resources.use(await LocalCluster.start({ ...options, version, wiring: proxies }));
    return new RecoveryScene(cluster, proxies, directory, resources.move());
  }

  get ledger(): string {
    return join(this.directory, "ledger.json");
  }

  /** URLs of the nodes that run. */
  get urls(): readonly string[] {
    return this.cluster.servers.filter(({ running }) => running).map(({ url }) => url);
  }

  /** An ordinary connection to the nodes that run now, or to those named. */
  connect(...names: readonly string[]): Promise<NatsConnection> {
    return this.#connect(names);
  }

  /** One of the system account: what an administrator does by hand. */
  administer(...names: readonly string[]): Promise<NatsConnection> {
    return this.#connect(names, { user: "sys", pass: "sys" });
  }

  async #connect(names: readonly string[], who: { readonly user?: string; readonly pass?: string } = {}) {
    const servers = names.length > 0 ? names.map((name) => this.cluster.node(name).url) : [...this.urls];
    const retry = { ignoreClusterUpdates: true, maxReconnectAttempts: -1, reconnectTimeWait: 100 };
    const nc = await connect({ servers, ...who, ...retry });
    this.#resources.defer(() => nc.close());
    return nc;
  }

  /** See {@link loadStream}. */
  async load(config: OpenConfig & { readonly name: string }, messages?: number): Promise<void> {
    await loadStream(await this.connect(), config, messages);
  }

  /** THREE with three replicas, and ONE with one, in the same place. Returns the server that has ONE, and with it all there is of it. */
  async loadThreeAndOne(where: { readonly placement?: OpenConfig["placement"] } = {}): Promise<string> {
    await this.load({ name: "THREE", num_replicas: 3, ...where });
    await this.load({ name: "ONE", num_replicas: 1, ...where });
    const [home = ""] = await this.homes("ONE");
    return home;
  }

  /** Where a stream lives: its leader, then the others. */
  async homes(stream: string): Promise<readonly string[]> {
    const nc = await this.connect();
    const { cluster } = await jsRequest<{
      cluster: { leader?: string; replicas?: readonly { name: string }[] };
    }>(nc, `STREAM.INFO.${stream}`);
    return [...(cluster.leader ? [cluster.leader] : []), ...(cluster.replicas ?? []).map(({ name }) => name)];
  }

  /** What every stream holds, to be compared with in the end; and what `relight cluster status` remembers of good days. */
  async remember(): Promise<void> {
    const nc = await this.connect();
    const { streams } = await jsRequest<{ streams?: readonly string[] }>(nc, "STREAM.NAMES");
    for (const name of streams ?? []) this.#before.set(name, await readStream(nc, name));
    await using eyes = await this.open();
    const deadline = Date.now() + 30_000;
    for (;;) {
      const picture = await takePicture({ account: eyes.session.api, system: eyes.system, gapMs: 0 });
      const ledger = await mergeLedgerFile(this.ledger, picture);
      if (ledger.streams.every(({ counters }) => counters !== null)) return;
      assert.ok(Date.now() < deadline, "not every stream was seen with a leader");
      await sleep(200);
    }
  }

  /** Backs the account up, as `relight account backup` does, or these streams of it. */
  async backUp(...streams: readonly string[]): Promise<void> {
    await using session = await openTestSession(this.cluster.url);
    const directory = join(this.directory, `backup-${this.#backups.length + 1}`);
    const { results } = await backupAccount(session, { directory, tool: "relight test" });
    for (const result of results) if (result.status === "failed") throw result.error;
    for (const { stream } of results) {
      if (streams.length > 0 && !streams.includes(stream)) await rm(join(directory, stream), { recursive: true });
    }
    this.#backups.push(directory);
  }

  /** Takes a stream and a backup along that were made before there was a cluster. */
  bring(streams: readonly StreamContents[], backup: string): void {
    for (const stream of streams) this.#before.set(stream.name, stream);
    this.#backups.push(backup);
  }

  /** Looks until the meta leader calls these servers not current, or offline; its word is in the sample. */
  async missed(...names: readonly string[]): Promise<Sample> {
    return await this.sample(({ meta, servers }) => {
      const silent = names.every((name) => servers.some((one) => one.name === name && one.answers === false));
      if (!silent || !isSeen(meta) || meta.leader === null) return false;
      const peers = seenOr(meta.peers, []);
      return names.every((name) => {
        const standing = peers.find((peer) => peer.name === name)?.standing;
        return standing !== undefined && isSeen(standing) && (standing.offline || !standing.current);
      });
    });
  }

  /** Looks until it is as it should be; at most two minutes. */
  async sample(right: (sample: Sample) => boolean = () => true, ...names: readonly string[]): Promise<Sample> {
    await using eyes = await this.open(...names);
    const deadline = Date.now() + 120_000;
    let earlier: Sample | undefined;
    for (;;) {
      const sample = await observeCluster({ account: eyes.session.api, system: eyes.system, earlier });
      if (right(sample)) return sample;
      assert.ok(Date.now() < deadline, `never seen so: ${JSON.stringify(sample.meta)}`);
      earlier = sample;
      await sleep(300);
    }
  }

  /** What `relight cluster status` says of a server, once it answers. */
  async statusOf(server: string): Promise<ServerVerdict> {
    const ledger = await readLedgerFile(this.ledger);
    const later = await this.sample(({ servers }) =>
      servers.some(({ name, answers }) => name === server && answers === true),
    );
    const picture = { format: "relight-cluster-picture", formatVersion: 1, earlier: null, later } as const;
    const verdict = clusterStatus(picture, ledger).servers.find((one) => one.server === server);
    return verdict ?? assert.fail(`nothing is said of ${server}`);
  }

  /** What Relight would do now, seen from the nodes that run, or from those named. It does none of it. */
  async plan(words: Partial<OperatorWords> = {}, ...names: readonly string[]): Promise<ClusterPlan> {
    await using eyes = await this.open(...names);
    const picture = await takePicture({ account: eyes.session.api, system: eyes.system });
    const ledger = await mergeLedgerFile(this.ledger, picture);
    const now = new Date().toISOString();
    return planCluster({
      picture,
      ledger,
      backups: [],
      words: { ...noWords, ...words },
      thresholds: defaultThresholds,
      now,
    });
  }

  /** Recovers as `relight cluster apply --yes` does, with the backups that were made. */
  async recover(
    words: Partial<OperatorWords> = {},
    { from = [], ...options }: RecoverOptions = {},
  ): Promise<RecoveryOutcome> {
    await using eyes = await this.open(...from);
    return await recoverCluster(
      {
        system: eyes.system,
        account: eyes.session,
        words: { ...noWords, ...words },
        backups: this.#backups,
        ledger: this.ledger,
        tool: "relight test",
        maxWaitMs: 120_000,
        ...options,
      },
      { onEvent: showEvent },
    );
  }

  /** Asserts that a stream is what it was: every message and every consumer. */
  async assertSame(stream: string, tolerate: Tolerances = {}): Promise<void> {
    const before = this.#before.get(stream);
    assert.ok(before, `${stream} was not remembered`);
    await assertSameStream(await this.connect(), before, tolerate);
  }

  /** As `assertSame`, for a stream that came from a backup: of a cluster of 2.15 consumers go on behind their last acknowledgement. */
  async assertRestored(stream: string): Promise<void> {
    await this.assertSame(stream, { rolledBackToAckFloor: this.cluster.version.startsWith("2.15.") });
  }

  /** A session and a connection of the system account, on the nodes that run or on those named. */
  open(...names: readonly string[]): Promise<Eyes> {
    return openEyes(names.length > 0 ? names.map((name) => this.cluster.node(name).url) : this.urls);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }
}

/** `earlier`: a look that was taken before, so that the first plan does not have to wait for a second one. */
export interface RecoverOptions
  extends Partial<Pick<RecoveryRequest, "earlier" | "maxWaitMs" | "thresholds" | "only">> {
  /** The nodes that are asked. Default: all that run. */
  readonly from?: readonly string[];
}
