/** A cluster of several accounts: what a dead server had of each is known to that account alone, and restored with its credential. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { connect } from "../jetstream/connection/connect.ts";
import { resolveConnectionSettings } from "../jetstream/connection/resolve-connection-settings.ts";
import { LocalCluster } from "../local/local-cluster.ts";
import type { RecoveryOutcome } from "../operations/cluster-recovery/recovery-request.ts";
import { jsRequest } from "../testing/js-request.ts";
import { publishAll } from "../testing/publish.ts";
import { type RelightRun, runRelight } from "../testing/relight-process.ts";
import { ShippedSchemas } from "../testing/shipped-schemas.ts";
import { createStream } from "../testing/stream-setup.ts";

const schemas = new ShippedSchemas();
const accounts = ["APP", "SHOP"] as const;
type Account = (typeof accounts)[number];

/** A cluster of two accounts, each with a stream ORDERS of one replica, and contexts of both. */
class Scene implements AsyncDisposable {
  readonly home = mkdtempSync(join(tmpdir(), "relight-accounts-"));
  readonly cluster: LocalCluster;

  private constructor(cluster: LocalCluster) {
    this.cluster = cluster;
  }

  static async start(version: string): Promise<Scene> {
    const users = accounts.map((name) => ({ name, users: [{ user: name, password: "secret" }] }));
    const node = (name: string): { readonly tags: readonly string[] } => ({ tags: [`node:${name}`] });
    return new Scene(await LocalCluster.start({ version, size: 4, accounts: users, node }));
  }

  at(name: string): string {
    return join(this.home, name);
  }

  get urls(): string {
    return this.cluster.servers.flatMap(({ running, url }) => (running ? [url] : [])).join(",");
  }

  /** Contexts of the nodes that run now. */
  writeContexts(): void {
    const directory = this.at("nats/context");
    mkdirSync(directory, { recursive: true });
    for (const [name, user, password] of [...accounts.map((one) => [one, one, "secret"]), ["sys", "sys", "sys"]]) {
      writeFileSync(join(directory, `${name}.json`), JSON.stringify({ url: this.urls, user, password }));
    }
  }

  async with<Result>(
    account: Account,
    use: (nc: Awaited<ReturnType<typeof connect>>) => Promise<Result>,
  ): Promise<Result> {
    const flags = { server: this.urls, context: false as const, user: account, password: "secret" };
    const nc = await connect(resolveConnectionSettings(flags, {}), { environment: {} });
    try {
      return await use(nc);
    } finally {
      await nc.close();
    }
  }

  /** A stream of one replica on one server, which any may take over. */
  async fill(account: Account, server: string, messages: number): Promise<void> {
    await this.with(account, async (nc) => {
      const config = { name: "ORDERS", subjects: ["orders.>"] };
      await createStream(nc, { ...config, placement: { tags: [`node:${server}`] } });
      const info = await jsRequest<{ config: object }>(nc, "STREAM.INFO.ORDERS");
      const { placement: _, ...anywhere } = info.config as { placement?: unknown };
      await jsRequest(nc, "STREAM.UPDATE.ORDERS", anywhere);
      await publishAll(
        nc,
        Array.from({ length: messages }, (_, index) => ({ subject: "orders.a", payload: `${account} ${index}` })),
      );
    });
  }

  async move(account: Account, server: string): Promise<void> {
    await this.with(account, async (nc) => {
      await jsRequest(nc, "STREAM.DELETE.ORDERS");
    });
    await this.fill(account, server, 20);
  }

  /** How many messages it has, and the first one's account. */
  async found(account: Account): Promise<readonly [number, string]> {
    return await this.with(account, async (nc) => {
      const { state } = await jsRequest<{ state: { messages: number } }>(nc, "STREAM.INFO.ORDERS");
      const { message } = await jsRequest<{ message: { data: string } }>(nc, "STREAM.MSG.GET.ORDERS", { seq: 1 });
      return [state.messages, Buffer.from(message.data, "base64").toString().split(" ")[0] ?? ""];
    });
  }

  run(...args: string[]): Promise<RelightRun> {
    return runRelight(this.home, ["--timeout", "4s", ...args]);
  }

  onCluster(command: string, first: Account, ...args: string[]): Promise<RelightRun> {
    const ledger = ["--ledger", this.at("ledger.json")];
    return this.run("cluster", command, "--context", first, "--system-context", "sys", ...ledger, ...args);
  }

  /** Backs up both accounts, and remembers what the cluster holds, as on a good day. */
  async goodDay(name: string): Promise<readonly string[]> {
    this.writeContexts();
    for (const account of accounts) {
      const backup = await this.run("account", "backup", this.at(`${name}-${account}`), "--context", account);
      assert.equal(backup.code, 0, backup.stderr);
    }
    const status = await this.onCluster("status", "APP", "--account-context", "SHOP", "--once");
    assert.equal(status.code, 0, status.stdout + status.stderr);
    assert.doesNotMatch(status.stdout, /Not seen/i);
    return ["--backups", ...accounts.map((account) => this.at(`${name}-${account}`))];
  }

  async kill(server: string): Promise<void> {
    await this.cluster.node(server).kill();
    const dead = this.cluster.servers.filter(({ running }) => !running).map(({ name }) => name);
    await this.cluster.ready(undefined, dead);
    this.writeContexts();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster.stop();
    rmSync(this.home, { recursive: true, force: true });
  }
}

describe("a cluster of several accounts", { timeout: 300_000 }, () => {
  for (const version of ["2.10", "2.15"]) {
    it(`CA-10, ${version}: a dead server's streams of all accounts come back in one run with all credentials, or in a run for each`, async () => {
      await using scene = await Scene.start(version);
      await scene.fill("APP", "n4", 10);
      await scene.fill("SHOP", "n4", 15);
      const first = await scene.goodDay("first");
      // Each account's stream is read with its own credential.
      const all = ["--account-context", "SHOP"];
      const deep = ["--deep", "--stream", "ORDERS", "--json"];
      const read = await scene.run("cluster", "verify", "--context", "APP", ...all, "--system-context", "sys", ...deep);
      assert.equal(read.code, 0, read.stdout + read.stderr);
      const { streams } = JSON.parse(read.stdout) as { streams: { account: string; content: { messages: number } }[] };
      assert.deepEqual(
        streams.map(({ account, content }) => [account, content.messages]),
        [
          ["APP", 10],
          ["SHOP", 15],
        ],
      );
      await scene.kill("n4");

      // With one credential nobody knows what the other account had there.
      const blind = await scene.onCluster("plan", "APP", "--gone", "n4", ...first);
      assert.equal(blind.code, 3, blind.stderr);
      assert.match(blind.stdout, /not all streams of account SHOP are known: .*\[inventory-unseen\]/);
      assert.match(blind.stdout, /The flags for it: .*a further account: --account-context <name>/);

      const both = await scene.onCluster("apply", "APP", ...all, "--gone", "n4", ...first, "--yes", "--json");
      assert.equal(both.code, 0, both.stderr + both.stdout);
      const outcome = JSON.parse(both.stdout) as RecoveryOutcome;
      schemas.check("cluster-recovery", outcome);
      const restored = outcome.steps.filter(({ kind }) => kind === "restore").map(({ id, state }) => `${id} ${state}`);
      assert.deepEqual(restored, ["restore:APP/ORDERS done", "restore:SHOP/ORDERS done"]);
      assert.deepEqual(await scene.found("APP"), [10, "APP"]);
      assert.deepEqual(await scene.found("SHOP"), [15, "SHOP"]);

      await scene.cluster.discard("n4");
      // The next one in two runs: the first leaves what is not its account's, and names it and the command.
      for (const account of accounts) await scene.move(account, "n3");
      // All of its streams are others now: it would be taken for another cluster.
      rmSync(scene.at("ledger.json"));
      const second = await scene.goodDay("second");
      await scene.kill("n3");
      const one = await scene.onCluster("apply", "APP", "--gone", "n3", "--release", "SHOP/*", ...second, "--yes");
      assert.equal(one.code, 3, one.stderr + one.stdout);
      assert.match(one.stdout, /SHOP\/ORDERS was not begun: it needs a credential of account SHOP/);
      assert.match(
        one.stdout,
        /^Next: relight --timeout 4s cluster apply --context APP .* --account-context <context of account SHOP>$/m,
      );
      assert.deepEqual(await scene.found("APP"), [20, "APP"]);

      const other = await scene.onCluster("apply", "SHOP", "--gone", "n3", ...second, "--yes");
      assert.equal(other.code, 0, other.stderr + other.stdout);
      for (const account of accounts) assert.deepEqual(await scene.found(account), [20, account]);
    });
  }
});
