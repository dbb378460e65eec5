import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Session } from "../jetstream/session.ts";
import { LocalCluster } from "../local/local-cluster.ts";
import { flipByte } from "../testing/cluster-harness/flip-byte.ts";
import { fillStream } from "../testing/fill.ts";
import { openTestSession } from "../testing/open-test-session.ts";
import { type RelightRun, runRelight, startRelight } from "../testing/relight-process.ts";
import { ShippedSchemas } from "../testing/shipped-schemas.ts";
import { createStream } from "../testing/stream-setup.ts";

const schemas = new ShippedSchemas();
const asSystem = ["--system-user", "sys", "--system-password", "sys"];

describe("relight cluster verify, stream cluster, doctor --deep", { timeout: 200_000 }, () => {
  const resources = new AsyncDisposableStack();
  let cluster: LocalCluster;
  let session: Session;
  let home: string;
  let damaged: string;

  before(async () => {
    home = mkdtempSync(join(tmpdir(), "relight-verify-"));
    resources.defer(() => rmSync(home, { recursive: true, force: true }));
    cluster = resources.use(await LocalCluster.start({ version: "2.15" }));
    session = resources.use(await openTestSession(cluster.url));
    const nc = session.api.connection;
    await createStream(nc, { name: "ORDERS", subjects: ["orders.>"], num_replicas: 3 });
    await createStream(nc, { name: "ONE", subjects: ["one.>"] });
    await fillStream(nc, "ORDERS", { messages: 10_000, size: 1_000, kind: "json", subjects: ["orders.a"] });
    await fillStream(nc, "ONE", { messages: 20, size: 300, kind: "json", subjects: ["one.a"] });
  });
  after(() => resources.disposeAsync());

  const run = (...args: string[]): Promise<RelightRun> => runRelight(home, ["--server", cluster.url, ...args]);
  async function consumersLeft(): Promise<number> {
    return (await session.api.consumers("ORDERS")).consumers.length;
  }

  it("proves what is whole, and says what it leaves unproven and how that is proven", async () => {
    const { code, stdout, stderr } = await run("cluster", "verify", "--deep", ...asSystem);
    assert.equal(code, 3, stderr + stdout);
    assert.match(
      stdout,
      /^ok {7}APP > ORDERS, 10,000 messages \(1 to 10,000\) read in [\d.]+ s: 3 replicas hold the same$/m,
    );
    assert.match(stdout, /^\? {8}APP > ONE: one copy, not read: .*relight stream backup ONE <dir>/m);
    assert.match(stdout, /^1 stream not proven, 1 stream proven\.$/m);
  });

  it("needs --deep for what is about reading, and streams that there are", async () => {
    assert.equal((await run("cluster", "verify", "--sample", "5")).code, 2);
    assert.equal((await run("cluster", "verify", "--stream", "NOPE")).code, 1);
  });

  it("leaves no consumer behind on Ctrl-C", async () => {
    const args = ["cluster", "verify", "--deep", "--stream", "ORDERS", "--rate", "1M", "--no-progress"];
    const { child, ended } = startRelight(home, ["--server", cluster.url, ...args]);
    for (const until = Date.now() + 60_000; (await consumersLeft()) === 0; ) {
      assert.ok(Date.now() < until, "it reads nothing");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    child.kill("SIGINT");
    const { code, stderr } = await ended;
    assert.equal(code, 130, stderr);
    assert.equal(await consumersLeft(), 0);
  });

  it("steps a leader down, and says who leads; refuses what nobody can do", async () => {
    const { cluster: before } = await session.api.streamInfo("ORDERS");
    const done = await run("stream", "cluster", "step-down", "ORDERS", "--json");
    assert.equal(done.code, 0, done.stderr);
    schemas.check("cluster-change", JSON.parse(done.stdout));
    const { cluster: now } = await session.api.streamInfo("ORDERS");
    assert.notEqual(now?.leader, before?.leader);
    const refused = await run("stream", "cluster", "step-down", "ONE");
    assert.equal(refused.code, 3);
    assert.match(
      refused.stdout,
      /^REFUSED .*one replica: nobody else can lead\.\n[\s\S]*relight stream cluster move ONE --from n\d$/m,
    );
  });

  it("asks nobody where there is no terminal, and takes --force with the right name only", async () => {
    const unasked = await run("stream", "cluster", "peer-remove", "ORDERS", "n1", ...asSystem);
    assert.equal(unasked.code, 2);
    assert.match(unasked.stderr, /no terminal to ask on\n {3}hint: .*--dry-run/);
    assert.equal((await run("server", "raft", "peer-remove", "n1", "--force", "n2", ...asSystem)).code, 2);
    const blind = await run("server", "raft", "peer-remove", "n1", "--yes");
    assert.equal(blind.code, 2);
    assert.match(blind.stderr, /a credential of the system account is needed/);
    const json = await run("server", "raft", "peer-remove", "n1", "--yes", "--json", ...asSystem);
    assert.equal(json.code, 3, json.stderr);
    schemas.check("cluster-change", JSON.parse(json.stdout));
  });

  it("names the damaged replica, its sequences and the cure; every counter says that all is well", async () => {
    const { cluster: group } = await session.api.streamInfo("ORDERS");
    const node = cluster.servers.find(({ name }) => name !== group?.leader);
    assert.ok(node);
    damaged = node.name;
    await node.terminate("SIGTERM");
    await flipByte(node, "APP", "ORDERS");
    await node.launch();
    await cluster.ready();
    const counted = await run("cluster", "verify", "--json", ...asSystem);
    assert.equal(counted.code, 0, counted.stdout);
    schemas.check("cluster-verify", JSON.parse(counted.stdout));
    const { code, stdout } = await run("cluster", "verify", "--deep", "--stream", "ORDERS", ...asSystem);
    assert.equal(code, 13, stdout);
    assert.match(stdout, new RegExp(`^ {2}DAMAGED {2}${damaged} {2}counts 10,000 messages, hands out [\\d,]+$`, "m"));
    assert.match(stdout, /^ +cannot be read: (?:sequence|[\d,]+ messages, sequences) [45],\d{3}/m);
    assert.match(stdout, new RegExp(`^ {2}2\\. Stop the nats-server of ${damaged}, and only that one\\.$`, "m"));
    assert.equal(await consumersLeft(), 0);
    const json = await run("cluster", "verify", "--deep", "--stream", "ORDERS", "--json", ...asSystem);
    schemas.check("cluster-verify", JSON.parse(json.stdout));
  });

  it("doctor: finds what is in no backup, and the damaged replica, where it may read", async () => {
    const all = join(home, "all");
    assert.equal((await run("stream", "backup", "ONE", all, "--no-progress")).code, 0);
    const { code, stdout } = await run("cluster", "doctor", "--backups", all, "--deep", "--json", ...asSystem);
    assert.equal(code, 3, stdout);
    const document = JSON.parse(stdout) as {
      findings: { id: string; evidence: string[] }[];
      skipped: { id: string }[];
    };
    schemas.check("cluster-doctor", document);
    const evidence = (id: string): readonly string[] =>
      document.findings.filter((one) => one.id === id).flatMap((one) => one.evidence);
    assert.deepEqual(evidence("D2"), ["APP > ORDERS"]);
    // A sample may miss one bad message, and not what lies behind it where the server gave up the whole block.
    assert.ok(evidence("D11").length > 0);
    assert.deepEqual(document.skipped, []);
    assert.ok(readdirSync(home).length > 0);
  });
});
