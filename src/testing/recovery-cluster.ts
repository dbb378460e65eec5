import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { observeCluster } from "../cluster/observe/observe-cluster.ts";
import type { Picture, Sample } from "../cluster/picture.ts";
import { noWords, type OperatorWords } from "../cluster/plan/plan-request.ts";
import { connect } from "../jetstream/connection/connect.ts";
import { resolveConnectionSettings } from "../jetstream/connection/resolve-connection-settings.ts";
import type { Session } from "../jetstream/session.ts";
import { LocalCluster, type LocalClusterOptions } from "../local/local-cluster.ts";
import { backupAccount } from "../operations/account-backup/backup-account.ts";
import { mergeLedgerFile } from "../operations/cluster-ledger/ledger-file.ts";
import { recoverCluster } from "../operations/cluster-recovery/recover-cluster.ts";
import type {
  RecoveryOptions,
  RecoveryOutcome,
  RecoveryRequest,
} from "../operations/cluster-recovery/recovery-request.ts";
import { fillStream } from "./fill.ts";
import { openTestSession } from "./open-test-session.ts";
import { fetchMessages } from "./pull.ts";
import { readStream, type StreamContents } from "./read-stream.ts";
import { createConsumer, createStream } from "./stream-setup.ts";

/** A cluster to be recovered, the two sessions on it, and a directory for ledger and backups; all gone when it is disposed. */
export class RecoveryCluster implements AsyncDisposable {
  readonly cluster: LocalCluster;
  readonly directory: string;
  /** A second one after `reconnect`. */
  session: Session;
  system: RecoveryRequest["system"];

  private constructor(cluster: LocalCluster, directory: string, session: Session, system: RecoveryRequest["system"]) {
    this.cluster = cluster;
    this.directory = directory;
    this.session = session;
    this.system = system;
  }

  static async start(options: LocalClusterOptions): Promise<RecoveryCluster> {
    const cluster = await LocalCluster.start({ ...options, node: (name) => ({ tags: [`node:${name}`] }) });
    const directory = mkdtempSync(join(tmpdir(), "relight-recovery-"));
    return new RecoveryCluster(
      cluster,
      directory,
      await openTestSession(cluster.url),
      await connectAsSystem(cluster.url),
    );
  }

  get nc(): Session["api"]["connection"] {
    return this.session.api.connection;
  }

  /** Everything that has a name here lies in the directory. */
  at(name: string): string {
    return join(this.directory, name);
  }

  /** Connects anew to the nodes that run, so that nothing hangs on one that is gone. */
  async reconnect(): Promise<void> {
    await this.session[Symbol.asyncDispose]();
    await this.system.close();
    const urls = this.cluster.servers.filter(({ running }) => running).map(({ url }) => url);
    this.session = await openTestSession(urls.join(","), "4s");
    this.system = await connectAsSystem(urls.join(","));
  }

  look(earlier?: Sample): Promise<Sample> {
    return observeCluster({ account: this.session.api, system: this.system, earlier });
  }

  /** A stream with messages and a consumer that has some to be acknowledged. Returns where its replicas are, the leader first. */
  async fillReplicated(name: string, replicas: number): Promise<readonly string[]> {
    await createStream(this.nc, { ...this.#config(name), num_replicas: replicas });
    await this.#fill(name);
    return await this.homes(name);
  }

  /** Where a stream lives: its leader, then the others. */
  async homes(stream: string): Promise<readonly string[]> {
    const { cluster } = await this.session.api.streamInfo(stream);
    return [cluster?.leader ?? "", ...(cluster?.replicas ?? []).map(({ name }) => name)];
  }

  /** The same with one replica, on one server. Its placement is asked for, and then forgotten: it may be replaced by any. */
  async fillOneOn(server: string, name: string): Promise<void> {
    const tagged = { ...this.#config(name), placement: { tags: [`node:${server}`] } };
    await createStream(this.nc, tagged);
    const { config } = await this.session.api.streamInfo(name);
    const { placement: _, ...anywhere } = config;
    await this.session.api.updateStream(anywhere as typeof config);
    await this.#fill(name);
    const { cluster } = await this.session.api.streamInfo(name);
    if (cluster?.leader !== server) throw new Error(`${name} is on ${cluster?.leader}, not on ${server}`);
  }

  #config(name: string): {
    readonly name: string;
    readonly subjects: readonly string[];
    readonly allow_direct: boolean;
  } {
    return { name, subjects: [`${name.toLowerCase()}.>`], allow_direct: true };
  }

  async #fill(name: string): Promise<void> {
    const subjects = ["a", "b"].map((last) => `${name.toLowerCase()}.${last}`);
    await fillStream(this.nc, name, { messages: 400, size: 300, kind: "json", subjects });
    await createConsumer(this.nc, name, { durable_name: "work", ack_wait: 3_600_000_000_000 });
    await fetchMessages(this.nc, name, "work", 7);
  }

  /** Waits until the meta group, and these streams, have a leader again, as two looks in a row must agree on one. */
  async elected(...streams: readonly string[]): Promise<void> {
    for (let tries = 0; tries < 60; tries++) {
      const { meta, accounts } = await this.look();
      const led = accounts.flatMap((account) => account.streams).filter(({ leader }) => typeof leader === "string");
      const all = streams.every((name) => led.some((stream) => stream.name === name));
      if ("leader" in meta && meta.leader !== null && all) return;
      await sleep(250);
    }
    throw new Error(`no leader of the meta group, or of ${streams.join(", ")}`);
  }

  /** Backs up the account into `at(name)`, and writes down what the cluster holds, as on a good day. */
  async goodDay(name = "all"): Promise<void> {
    const { results } = await backupAccount(this.session, { directory: this.at(name), tool: "test" });
    for (const result of results) if (result.status === "failed") throw result.error;
    const later = await this.look();
    const picture: Picture = { format: "relight-cluster-picture", formatVersion: 1, earlier: null, later };
    await mergeLedgerFile(this.at("ledger.json"), picture);
  }

  contents(...streams: readonly string[]): Promise<readonly StreamContents[]> {
    return Promise.all(streams.map((stream) => readStream(this.nc, stream)));
  }

  recover(
    words: Partial<OperatorWords>,
    request: Partial<RecoveryRequest> = {},
    options: RecoveryOptions = {},
  ): Promise<RecoveryOutcome> {
    return recoverCluster(
      {
        system: this.system,
        account: this.session,
        words: { ...noWords, ...words },
        ledger: this.at("ledger.json"),
        maxWaitMs: 60_000,
        tool: "test",
        ...request,
      },
      options,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session[Symbol.asyncDispose]();
    await this.system.close();
    await this.cluster.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** A connection of the system account of a local cluster. */
export function connectAsSystem(server: string): Promise<RecoveryRequest["system"]> {
  const flags = { server, context: false as const, user: "sys", password: "sys" };
  return connect(resolveConnectionSettings(flags, {}), { environment: {} });
}
