import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
import { openTestSession } from "./open-test-session.ts";
import { readStream, type StreamContents } from "./read-stream.ts";

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
    const cluster = await LocalCluster.start(options);
    const directory = mkdtempSync(join(tmpdir(), "relight-recovery-"));
    return new RecoveryCluster(cluster, directory, await openTestSession(cluster.url), await systemOf(cluster.url));
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
    this.system = await systemOf(urls.join(","));
  }

  look(earlier?: Sample): Promise<Sample> {
    return observeCluster({ account: this.session.api, system: this.system, earlier });
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

function systemOf(server: string): Promise<RecoveryRequest["system"]> {
  const flags = { server, context: false as const, user: "sys", password: "sys" };
  return connect(resolveConnectionSettings(flags, {}), { environment: {} });
}
