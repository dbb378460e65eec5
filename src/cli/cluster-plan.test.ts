import assert from "node:assert/strict";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Ledger } from "../cluster/ledger.ts";
import type { ClusterPlan } from "../cluster/plan/cluster-plan.ts";
import { LocalCluster } from "../local/local-cluster.ts";
import { LocalServer } from "../local/local-server.ts";
import { openTestSession } from "../testing/open-test-session.ts";
import { publishAll } from "../testing/publish.ts";
import { type RelightRun, runRelight } from "../testing/relight-process.ts";
import { ShippedSchemas } from "../testing/shipped-schemas.ts";
import { createStream } from "../testing/stream-setup.ts";

const schemas = new ShippedSchemas();
const asSystem = ["--system-user", "sys", "--system-password", "sys"];

for (const version of ["2.15", "2.10.26"]) {
  describe(`relight cluster plan on ${version}`, { timeout: 180_000 }, () => {
    const resources = new AsyncDisposableStack();
    let cluster: LocalCluster;
    let home: string;
    let victim: string;
    let url: string;
    const at = (name: string): string => join(home, name);

    before(async () => {
      home = mkdtempSync(join(tmpdir(), "relight-plan-"));
      resources.defer(() => rmSync(home, { recursive: true, force: true }));
      cluster = resources.use(await LocalCluster.start({ version }));
      await using session = await openTestSession(cluster.url);
      const nc = session.api.connection;
      await createStream(nc, { name: "ORDERS", subjects: ["orders.>"], num_replicas: 3 });
      await createStream(nc, { name: "ONE", subjects: ["one.>"] });
      await publishAll(
        nc,
        Array.from({ length: 25 }, (_, index) => ({ subject: "one.a", payload: `${index}` })),
      );
      victim = (await session.api.streamInfo("ONE")).cluster?.leader ?? "";
      url = cluster.servers.find(({ name }) => name !== victim)?.url ?? "";
      const backup = await runRelight(home, ["--server", url, "account", "backup", at("all")]);
      assert.equal(backup.code, 0, backup.stderr);
      const older = ["--server", url, "account", "backup", at("config"), "--layout", "config", "--data"];
      assert.equal((await runRelight(home, older)).code, 0);
    });
    after(() => resources.disposeAsync());

    const run = (...args: string[]): Promise<RelightRun> =>
      runRelight(home, ["--server", url, "--timeout", "2s", "cluster", "plan", ...asSystem, ...args]);
    /** The document of --json, held against the schema. */
    const parse = ({ stdout }: RelightRun): ClusterPlan => {
      const plan = JSON.parse(stdout) as ClusterPlan;
      schemas.check("cluster-plan", plan);
      return plan;
    };
    const removal = (plan: ClusterPlan) => plan.steps.find(({ kind }) => kind === "peer-remove");
    /** A ledger of its own for each run that goes on beside others. */
    const ledger = (name: string): string => {
      copyFileSync(at("ledger"), at(name));
      return at(name);
    };

    /** The victim may have led the meta group: a plan is made only when the leader is the same in both looks. */
    const newMetaLeader = async (): Promise<void> => {
      const args = ["--server", url, "--timeout", "1s", "cluster", "status", ...asSystem, "--once", "--json"];
      for (let tries = 0; tries < 20; tries++) {
        const { stdout } = await runRelight(home, args);
        const leader: unknown = JSON.parse(stdout).picture?.later.meta.leader;
        if (typeof leader === "string" && leader !== victim) return;
      }
      assert.fail("no server leads the meta group");
    };

    it("has nothing to do where all is well, and remembers what it saw", async () => {
      const [json, text, none, blind] = await Promise.all([
        run("--json", "--ledger", at("ledger")),
        run(),
        run("--no-ledger"),
        runRelight(home, ["--server", url, "cluster", "plan"]),
      ]);
      assert.equal(json.code, 0, json.stderr + json.stdout);
      assert.match(json.stderr, /looking again in \d+ s/i);
      assert.match(json.stderr, /remembered from now on, in .*ledger$/m);
      const plan = parse(json);
      assert.deepEqual([plan.outlook, plan.complete, plan.steps], ["whole", true, []]);
      const { streams } = JSON.parse(readFileSync(at("ledger"), "utf8")) as Ledger;
      assert.deepEqual(
        streams.map(({ name, counters }) => [name, counters?.lastSeq]),
        [
          ["ONE", 25],
          ["ORDERS", 0],
        ],
      );
      // Who names no ledger has the cluster's own.
      assert.equal(text.code, 0, text.stderr);
      assert.match(text.stdout, /^ok {2}Nothing to do\.$/m);
      assert.match(text.stdout, /^Nothing was changed\.$/m);
      const own = at(join(".local", "state", "relight", "clusters", "relight.json"));
      assert.equal(/^Remembered in (.*)\.$/m.exec(text.stdout)?.[1], own);
      assert.deepEqual((JSON.parse(readFileSync(own, "utf8")) as Ledger).streams.length, 2);
      assert.match(none.stdout, /^Note: Without a ledger/m);
      assert.doesNotMatch(none.stdout, /Remembered/);
      // Without the system account nothing can be planned, which is for a person to cure.
      assert.equal(blind.code, 3, blind.stderr);
      assert.match(blind.stdout, /^HOLD {2}Nothing may be done: the servers' own answers cannot be seen/);
    });

    it("has the memory of whatever command looked before", async () => {
      const status = ["--server", url, "cluster", "status", ...asSystem, "--once"];
      const [named, own] = await Promise.all([
        runRelight(home, [...status, "--ledger", at("of-status")]),
        runRelight(home, [...status, "--no-ledger"]),
      ]);
      assert.equal(named.code, 0, named.stderr);
      assert.equal((JSON.parse(readFileSync(at("of-status"), "utf8")) as Ledger).streams.length, 2);
      assert.doesNotMatch(own.stderr, /remembered/);
    });

    it("refuses a server that nobody knows, and what is no ledger or no backup, before it waits", async () => {
      const started = Date.now();
      writeFileSync(at("other"), JSON.stringify({ format: "else" }));
      const [unknown, other, none] = await Promise.all([
        run("--gone", victim, "n7", "--json"),
        run("--ledger", at("other")),
        run("--backups", at("nothing")),
      ]);
      assert.equal(unknown.code, 2, unknown.stderr);
      assert.match(unknown.stderr, /no server n7 is known in this cluster/);
      assert.match(unknown.stderr, /It knows n1, n2 and n3\./);
      assert.equal(JSON.parse(unknown.stdout).error.code, "USAGE");
      assert.equal(other.code, 2);
      assert.match(other.stderr, /not a cluster's ledger/);
      assert.match(none.stderr, /does not exist/);
      assert.equal(existsSync(at("nothing")), false);
      assert.ok(Date.now() - started < 11_000, "it waited for the second look");
    });

    it("with a dead node: waits until a time, and is blocked by an R1 stream until a backup covers it", async () => {
      await cluster.node(victim).kill();
      await newMetaLeader();
      cpSync(at("all"), at("cut"), { recursive: true });
      truncateSync(join(at("cut"), "ONE", version === "2.15" ? "stream.arc.s2" : "stream.tar.s2"), 10);
      const gone = ["--gone", victim, "--without-spare"];
      const [wait, spare, uncovered, covered, older, blank, cut] = await Promise.all([
        run("--ledger", ledger("l1")),
        run("--gone", victim, "--ledger", ledger("l2")),
        run(...gone, "--json", "--ledger", ledger("l3")),
        run(...gone, "--json", "--ledger", ledger("l4"), "--backups", at("all")),
        run(...gone, "--json", "--ledger", ledger("l5"), "--backups", at("config")),
        run(...gone, "--json", "--no-ledger", "--backups", join(at("all"), "ONE"), at("all")),
        run(...gone, "--ledger", ledger("l6"), "--backups", at("cut")),
      ]);
      assert.equal(wait.code, 0, wait.stdout);
      assert.match(wait.stdout, /^WAITING {2}Nothing to do but wait\.$/m);
      assert.match(
        wait.stdout,
        new RegExp(`^1\\. WAITING {2}wait ${victim}, until [-0-9]+ [:0-9]+ UTC \\(in \\d+ min`, "m"),
      );
      assert.match(wait.stdout, /^ +Risk: +until then these do not work: APP\/ONE$/m);
      assert.match(wait.stdout, /^This is a plan only: nothing was done\. To do it: relight cluster apply/m);

      assert.equal(spare.code, 3);
      assert.match(spare.stdout, /^1\. READY {2}add-node .*, for a person$/m);
      assert.match(spare.stdout, /--without-spare/);

      assert.equal(uncovered.code, 3);
      assert.deepEqual(
        removal(parse(uncovered))?.blockers.map(({ code }) => code),
        ["r1-uncovered"],
      );

      assert.equal(covered.code, 0, covered.stdout);
      const plan = parse(covered);
      assert.equal(removal(plan)?.state, "ready");
      const restore = plan.steps.find(({ kind }) => kind === "restore");
      assert.deepEqual([restore?.id, restore?.arguments.backup], ["restore:APP/ONE", join(at("all"), "ONE")]);

      // The older layout proves nothing; without a ledger nobody knows what has to be covered.
      assert.equal(removal(parse(older))?.state, "blocked");
      assert.match(
        parse(older).notes.join("\n"),
        /Not counted as a backup: .*stream_ONE\.tgz \(ONE\): it has no manifest/,
      );
      assert.match(removal(parse(blank))?.blockers[0]?.text ?? "", /nobody knows what it held/);

      // Nor is a manifest believed whose archive is not what it tells of.
      assert.equal(cut.code, 3, cut.stdout);
      assert.match(cut.stdout, /^Note: Not counted as a backup: .*ONE.*has 10 bytes/m);
      assert.match(cut.stdout, /^ +Blocked: .*\[r1-uncovered\]$/m);
      assert.match(cut.stdout, /^Left for a person to decide or repair:\n {2}step \d+, peer-remove /m);
      assert.match(cut.stdout, /The flags for it: a backup: --backups <dir>; may be lost: --release/);
    });
  });
}

describe("relight cluster plan and apply on a server on its own", { timeout: 60_000 }, () => {
  it("say alike that there is nothing to plan, and do not wait for a leader of what is no cluster", async () => {
    await using resources = new AsyncDisposableStack();
    const home = mkdtempSync(join(tmpdir(), "relight-plan-"));
    resources.defer(() => rmSync(home, { recursive: true, force: true }));
    const server = resources.use(await LocalServer.start({ version: "2.15", systemAccount: true }));
    for (const command of [["plan"], ["apply", "--dry-run"], ["apply", "--yes"]]) {
      const { code, stderr } = await runRelight(home, ["--server", server.url, "cluster", ...command, ...asSystem]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, /belongs to no cluster/);
    }
  });
});
