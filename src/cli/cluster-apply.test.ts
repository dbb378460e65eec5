import assert from "node:assert/strict";
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { ClusterPlan } from "../cluster/plan/cluster-plan.ts";
import type { RecoveryOutcome } from "../operations/cluster-recovery/recovery-request.ts";
import { assertSameStream } from "../testing/compare-streams.ts";
import { RecoveryCluster } from "../testing/recovery-cluster.ts";
import { type RelightRun, runRelight } from "../testing/relight-process.ts";
import { ShippedSchemas } from "../testing/shipped-schemas.ts";

const schemas = new ShippedSchemas();

/** A cluster with relight's command line on it, and streams. */
class Scene implements AsyncDisposable {
  readonly on: RecoveryCluster;

  private constructor(on: RecoveryCluster) {
    this.on = on;
  }

  static async start(version: string, size: 4 | 5): Promise<Scene> {
    return new Scene(await RecoveryCluster.start({ version, size }));
  }

  run(command: "plan" | "apply", ...args: string[]): Promise<RelightRun> {
    const urls = this.on.cluster.servers.filter(({ running }) => running).map(({ url }) => url);
    const asSystem = ["--system-user", "sys", "--system-password", "sys"];
    const ledger = ["--ledger", this.on.at("ledger.json")];
    const all = ["--server", urls.join(","), "--timeout", "4s", "cluster", command, ...asSystem, ...ledger, ...args];
    return runRelight(this.on.directory, all);
  }

  /** The document of --json, held against the schema. */
  outcome({ stdout, stderr }: RelightRun): RecoveryOutcome {
    assert.ok(stdout.startsWith("{"), stderr);
    const outcome = JSON.parse(stdout) as RecoveryOutcome;
    schemas.check("cluster-recovery", outcome);
    return outcome;
  }

  /** Names of the members of the meta group, by the word of its leader. */
  async members(): Promise<readonly string[]> {
    const { meta } = await this.on.look();
    assert.ok("peers" in meta && Array.isArray(meta.peers), JSON.stringify(meta));
    return meta.peers.map(({ name }) => name ?? "").sort();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.on[Symbol.asyncDispose]();
  }
}

const done = ({ steps }: RecoveryOutcome): string[] => steps.map(({ id, state }) => `${id} ${state}`);

describe("relight cluster apply", { timeout: 300_000 }, () => {
  it("CA-05, CA-07, F31, 2.15: a node with a part of an R3 and an R1 is killed and wiped: nothing without cover, all of it with a backup", async () => {
    await using scene = await Scene.start("2.15", 4);
    const { on } = scene;
    const [victim = ""] = await on.fillReplicated("ORDERS", 3);
    await on.fillOneOn(victim, "ONE");
    await on.goodDay();
    const before = await on.contents("ORDERS", "ONE");

    const dry = await scene.run("apply", "--dry-run");
    assert.deepEqual([dry.code, /^ok {2}Nothing to do\.$/m.test(dry.stdout)], [0, true], dry.stderr);
    const apply = (): Promise<RelightRun> => scene.run("apply", "--yes", "--json");
    const [mute, ...two] = await Promise.all([scene.run("apply"), apply(), apply()]);
    assert.equal(mute.code, 2, mute.stderr);
    assert.match(mute.stderr, /no terminal to ask on/);
    // One recovery at a time.
    const [healthy = assert.fail(), locked = assert.fail()] = two.sort((a, b) => (a.code ?? 0) - (b.code ?? 0));
    assert.equal(locked.code, 11, locked.stderr);
    assert.match(locked.stderr, /another run of Relight \(process \d+\) has this cluster's recovery/);
    assert.equal(healthy.code, 0, healthy.stderr + healthy.stdout);
    assert.deepEqual([scene.outcome(healthy).status, scene.outcome(healthy).steps], ["whole", []]);

    await on.cluster.wipe(victim);
    await on.reconnect();
    await on.elected("ORDERS");
    const words = ["--gone", victim];
    const backups = ["--backups", on.at("all")];
    const [planned, blocked] = await Promise.all([
      scene.run("plan", ...words, ...backups, "--json"),
      scene.run("apply", ...words, "--yes"),
    ]);
    assert.equal(blocked.code, 3, blocked.stderr + blocked.stdout);
    assert.match(blocked.stdout, /^ +Blocked: .*\[r1-uncovered\]$/m);
    assert.match(blocked.stdout, /^LEFT {2}Nothing was done; /m);
    assert.deepEqual(await scene.members(), ["n1", "n2", "n3", "n4"]);

    assert.equal(planned.code, 0, planned.stdout);
    // A byte of the archive has changed since: found before anything is removed, while the disk may still be saved.
    cpSync(on.at("all"), on.at("rotten"), { recursive: true });
    const archive = join(on.at("rotten"), "ONE", "stream.arc.s2");
    const bytes = readFileSync(archive);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 0x55;
    writeFileSync(archive, bytes);
    const rotten = await scene.run("apply", ...words, "--backups", on.at("rotten"), "--yes");
    assert.equal(rotten.code, 3, rotten.stderr + rotten.stdout);
    assert.match(rotten.stdout, /^LEFT {2}Nothing was done; /m);
    assert.match(rotten.stdout, /not counted as a backup: .*stream\.arc\.s2 .*its SHA-256 differs/);
    assert.deepEqual(await scene.members(), ["n1", "n2", "n3", "n4"]);

    writeFileSync(on.at("plan.json"), planned.stdout);
    const recovered = await scene.run("apply", on.at("plan.json"), ...words, ...backups, "--yes", "--json");
    assert.equal(recovered.code, 0, recovered.stderr + recovered.stdout);
    const outcome = scene.outcome(recovered);
    assert.deepEqual(done(outcome), [`peer-remove:${victim} done`, "delete-stub:APP/ONE done", "restore:APP/ONE done"]);
    assert.deepEqual([outcome.status, outcome.left, outcome.plan?.steps], ["recovered", [], []]);
    assert.match(recovered.stderr, new RegExp(`peer-remove ${victim}: done`));

    assert.ok(!(await scene.members()).includes(victim));
    const after = await on.contents("ORDERS", "ONE");
    for (const [index, stream] of before.entries()) {
      // A snapshot of a 2.15 cluster knows of no pending acknowledgements: those messages are delivered again.
      const rolledBackToAckFloor = stream.name === "ONE";
      assertSameStream(stream, after[index] ?? assert.fail(), { rolledBackToAckFloor });
    }
    const audit = readFileSync(outcome.audit, "utf8").trim().split("\n");
    const written = audit.map((line) => JSON.parse(line) as { readonly event: string; readonly step: { id: string } });
    assert.deepEqual(
      written.filter(({ event }) => event === "step-done").map(({ step }) => step.id),
      outcome.steps.map(({ id }) => id),
    );

    // Of another plan's steps none is done.
    const { steps: _, ...rest } = JSON.parse(planned.stdout) as ClusterPlan;
    writeFileSync(on.at("other.json"), JSON.stringify({ ...rest, steps: [] }));
    await on.session.api.deleteStream("ONE");
    const misfit = await scene.run("apply", on.at("other.json"), "--restore", "APP/ONE", ...backups, "--yes");
    assert.equal(misfit.code, 3, misfit.stderr + misfit.stdout);
    assert.match(
      misfit.stdout,
      /restore:APP\/ONE is not in the given plan\n +The cluster has changed since: make a new plan\./,
    );
    assert.deepEqual(await on.session.api.streamNames(), ["ORDERS"]);
  });

  it("2.10, F33: two of an R3's three nodes and an R1 are gone: saved, scaled down first, and the R1 is lost only when it is released", async () => {
    await using scene = await Scene.start("2.10.26", 5);
    const { on } = scene;
    const [home = "", other = ""] = await on.fillReplicated("ORDERS", 3);
    await on.fillOneOn(home, "ONE");
    await on.goodDay();
    const [before] = await on.contents("ORDERS");
    const victims = [home, other].sort();
    // Stopped in order, they are called offline at once.
    for (const victim of victims) await on.cluster.node(victim).terminate("SIGTERM");
    await on.reconnect();

    const gone = ["--gone", ...victims, "--yes", "--json"];
    const blocked = await scene.run("apply", ...gone);
    assert.equal(blocked.code, 3, blocked.stderr + blocked.stdout);
    const first = scene.outcome(blocked);
    assert.equal(first.status, "left");
    assert.ok(
      first.left.some(({ text }) => /every replica would be lost/.test(text)),
      JSON.stringify(first.left),
    );
    // What the lost one blocks is the removal of its own server, and nothing else.
    assert.deepEqual(done(first).slice(0, 2), ["salvage:APP/ORDERS done", "scale-down:APP/ORDERS done"]);
    assert.ok((await scene.members()).includes(home), JSON.stringify(done(first)));

    const released = await scene.run("apply", ...gone, "--release", "APP/ONE");
    assert.equal(released.code, 0, released.stderr + released.stdout);
    const outcome = scene.outcome(released);
    assert.equal(done(outcome).at(-1), "scale-up:APP/ORDERS done", JSON.stringify(done(outcome)));
    assert.deepEqual(
      await scene.members(),
      ["n1", "n2", "n3", "n4", "n5"].filter((name) => !victims.includes(name)),
    );
    const [after] = await on.contents("ORDERS");
    assertSameStream(before ?? assert.fail(), after ?? assert.fail());
    const { cluster } = await on.session.api.streamInfo("ORDERS");
    assert.equal(cluster?.replicas?.length, 2);
    assert.ok(existsSync(on.at("ledger.backups")), "what was salvaged is kept");
  });
});
