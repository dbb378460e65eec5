import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { LocalCluster } from "../local/local-cluster.ts";
import { openTestSession } from "../testing/open-test-session.ts";
import { type RelightRun, runRelight } from "../testing/relight-process.ts";
import { ShippedSchemas } from "../testing/shipped-schemas.ts";
import { createConsumer, createStream } from "../testing/stream-setup.ts";

interface Document {
  readonly light: string;
  readonly streams: readonly { readonly stream: string; readonly state: string; readonly light: string }[];
  readonly picture: { readonly earlier: unknown };
}

const schemas = new ShippedSchemas();
const asSystem = ["--system-user", "sys", "--system-password", "sys"];

describe("relight cluster", { timeout: 120_000 }, () => {
  const resources = new AsyncDisposableStack();
  let cluster: LocalCluster;
  let home: string;
  let victim: string;
  let url: string;

  before(async () => {
    home = mkdtempSync(join(tmpdir(), "relight-status-"));
    resources.defer(() => rmSync(home, { recursive: true, force: true }));
    cluster = resources.use(await LocalCluster.start({ version: "2.15" }));
    await using session = await openTestSession(cluster.url);
    const nc = session.api.connection;
    await createStream(nc, { name: "ORDERS", subjects: ["orders.>"], num_replicas: 3 });
    await createConsumer(nc, "ORDERS", { durable_name: "billing" });
    await createStream(nc, { name: "ONE", subjects: ["one.>"] });
    victim = (await session.api.streamInfo("ONE")).cluster?.leader ?? "";
    url = cluster.servers.find(({ name }) => name !== victim)?.url ?? "";
  });
  after(() => resources.disposeAsync());

  const run = (...args: string[]): Promise<RelightRun> =>
    runRelight(home, ["--server", url, "--timeout", "3s", "cluster", "status", ...args]);
  const doctor = (...args: string[]): Promise<RelightRun> =>
    runRelight(home, ["--server", url, "--timeout", "3s", "cluster", "doctor", ...args]);
  /** The document of --json, held against the schema. */
  const parse = ({ stdout }: RelightRun): Document => {
    const document = JSON.parse(stdout) as Document;
    schemas.check("cluster-status", document);
    return document;
  };

  it("says at once that all is well", async () => {
    // Just after their creation followers may be a moment behind: then it looks again.
    const { code, stdout, stderr } = await run(...asSystem);
    assert.equal(code, 0, stderr + stdout);
    assert.match(stdout, /^ok {4}Cluster relight, 2 streams: 2 healthy\nok {4}Meta group: n\d leads; 3 of 3 members/);
    assert.match(stdout, /^ok +ORDERS +R3 +n\d +0 +0 +3 replicas, all current$/m);
    assert.match(stdout, new RegExp(`^ok +ONE +R1 +${victim} +0 +0 +one replica, on ${victim}$`, "m"));
    const json = await run(...asSystem, "--once", "--json");
    assert.equal(json.code, 0);
    assert.equal(parse(json).light, "green");
  });

  it("says what it cannot see without the system account", async () => {
    const { code, stdout } = await run();
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^\? {5}Meta group: not seen$/m);
    assert.match(
      stdout,
      /^Not seen: servers, meta group.*To see it, give a credential of the system account: --system/m,
    );
    parse(await run("--json"));
  });

  it("doctor: names the stream with one copy, and says what it did not check", async () => {
    const { code, stdout } = await doctor(...asSystem, "--once");
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^INFO D1: .*one copy[^\n]*\n {4}APP > ONE\n {2}Cure: /m);
    assert.match(stdout, /^Not checked: D9 replicas that differ[^\n]*: needs two looks/m);
    const blind = await doctor("--once", "--json");
    assert.equal(blind.code, 0);
    const document = JSON.parse(blind.stdout) as { readonly findings: readonly { readonly id: string }[] };
    schemas.check("cluster-doctor", document);
    assert.deepEqual(
      document.findings.map(({ id }) => id),
      ["D1"],
    );
  });

  it("refuses a wrong system user, and one without a password", async () => {
    const wrong = await run("--system-user", "sys", "--system-password", "wrong");
    assert.equal(wrong.code, 14);
    assert.match(wrong.stderr, /system account's user is refused/);
    assert.match(wrong.stderr, /hint: Check --system-creds/);
    assert.equal((await run("--system-user", "sys")).code, 2);
  });

  it("shows a dead node: what is short of it, what is gone, what not to do; and looks twice", async () => {
    await cluster.node(victim).kill();
    const { code, stdout, stderr } = await run(...asSystem);
    assert.equal(code, 3);
    assert.match(stderr, /looking again in \d+ s/);
    assert.match(stdout, /^FAIL {2}Cluster relight, 2 streams: 1 gone, 1 short of a replica$/m);
    assert.match(stdout, new RegExp(`^FAIL +${victim} +does not answer; the cluster has not given it up yet`, "m"));
    assert.match(stdout, new RegExp(`^FAIL +ONE .*GONE: it was on ${victim}, which does not answer`, "m"));
    assert.match(stdout, new RegExp(`^WARN +ORDERS +R3 .*${victim} is down, it can lose no more`, "m"));
    assert.match(stdout, new RegExp(`comes back with the disk of ${victim}. Do not remove or wipe`));
    assert.match(stdout, /^Next: relight cluster plan, with the same flags/m);
    const json = await run(...asSystem, "--once", "--json");
    assert.equal(json.code, 3);
    const document = parse(json);
    assert.equal(document.light, "red");
    assert.equal(document.picture.earlier, null);
    assert.deepEqual(
      document.streams.map(({ stream, state, light }) => [stream, state, light]),
      [
        ["ONE", "gone", "red"],
        ["ORDERS", "short", "yellow"],
      ],
    );
  });

  it("doctor: names what is critical first", async () => {
    const { code, stdout } = await doctor(...asSystem, "--once", "--json");
    assert.equal(code, 3);
    const document = JSON.parse(stdout) as {
      readonly findings: readonly { readonly id: string; readonly severity: string; readonly evidence: string[] }[];
    };
    schemas.check("cluster-doctor", document);
    const critical = document.findings.filter(({ severity }) => severity === "critical");
    assert.deepEqual(
      critical.map(({ id }) => id),
      ["D5", "D8", "D17"],
    );
    assert.deepEqual(document.findings.slice(0, 3), critical);
    assert.deepEqual(critical[2]?.evidence, [victim]);
  });

  it("fails as JSON too where nobody can be reached", async () => {
    const failed = await runRelight(home, ["--server", "nats://127.0.0.1:1", "cluster", "status", "--json"]);
    assert.equal(failed.code, 14);
    schemas.check("cluster-status", JSON.parse(failed.stdout));
  });
});
