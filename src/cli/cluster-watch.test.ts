import assert from "node:assert/strict";
import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { assertSameStream } from "../testing/compare-streams.ts";
import { RecoveryCluster } from "../testing/recovery-cluster.ts";
import { runRelight } from "../testing/relight-process.ts";
import { ShippedSchemas } from "../testing/shipped-schemas.ts";
import { WatchProcess } from "../testing/watch-process.ts";

const schemas = new ShippedSchemas();

describe("relight cluster watch", { timeout: 240_000 }, () => {
  it("WA-06, 2.15: a node dies: one watch replaces it unasked and restores its R1, one that has no backup and one without --auto propose", async () => {
    await using on = await RecoveryCluster.start({ version: "2.15", size: 4 });
    const [victim = ""] = await on.fillReplicated("ORDERS", 3);
    await on.fillOneOn(victim, "ONE");
    await on.goodDay();
    const before = await on.contents("ORDERS", "ONE");
    const ledgers = ["auto", "bare", "plain"].map((name) => on.at(`${name}.json`));
    for (const ledger of ledgers) copyFileSync(on.at("ledger.json"), ledger);
    const [ofAuto = "", ofBare = "", ofPlain = ""] = ledgers;
    const quick = ["--interval", "1s"];

    // Its only server is the one that dies.
    const { url } = on.cluster.node(victim);
    const backups = ["--backups", on.at("all")];
    await using auto = WatchProcess.start(on, [...quick, "--auto", "--gone-after", "15s", ...backups, "--json"], {
      ledger: ofAuto,
      url,
    });
    await using bare = WatchProcess.start(on, [...quick, "--auto", "--gone-after", "2s", "--json"], { ledger: ofBare });
    await using plain = WatchProcess.start(on, [...quick, "--gone-after", "2s", ...backups], { ledger: ofPlain });
    await plain.says(/watching 4 servers, 2 streams; all is well/);
    for (const watch of [auto, bare]) await watch.remembers("ONE");
    await on.cluster.node(victim).terminate("SIGTERM");
    const died = Date.now();

    await plain.says(/proposed: READY {2}peer-remove n\d: n\d is gone since/);
    await plain.says(/to do it: relight cluster apply --gone n\d --backups \S+\/all, and the same credentials/);
    const blocked = await bare.line("proposal", ({ plan }) => plan?.outlook === "blocked");
    const reasons = blocked.unasked?.reasons ?? [];
    assert.ok(
      reasons.some(({ code, text }) => code === "person" && /APP\/ONE: no proven backup/.test(text)),
      JSON.stringify(reasons),
    );

    const acted = await auto.line("acted");
    assert.ok(Date.now() - died > 15_000, "it has to be silent for the stated time");
    assert.deepEqual(
      [acted.recovery?.status, acted.recovery?.steps.map(({ id, state }) => `${id} ${state}`)],
      ["recovered", [`peer-remove:${victim} done`, "delete-stub:APP/ONE done", "restore:APP/ONE done"]],
      JSON.stringify(acted.recovery?.left),
    );
    await auto.line("change", ({ name, light }) => name === "meta" && light === "green");
    await plain.says(/nothing is to be done any more/);

    await on.reconnect();
    const after = await on.contents("ORDERS", "ONE");
    for (const [index, stream] of before.entries()) {
      const rolledBackToAckFloor = stream.name === "ONE";
      assertSameStream(stream, after[index] ?? assert.fail(), { rolledBackToAckFloor });
    }
    assert.match(readFileSync(on.at("auto.audit.jsonl"), "utf8"), /unasked, by relight cluster watch --auto/);
    for (const ended of [await auto.stop(), await bare.stop(), await plain.stop()])
      assert.equal(ended.code, 0, ended.stderr);
    for (const watch of [auto, bare]) {
      for (const line of watch.lines) schemas.check("cluster-watch", line);
      assert.equal(watch.lines.at(-1)?.type, "summary");
    }
    assert.deepEqual(
      bare.lines.filter(({ type }) => type === "acting" || type === "step"),
      [],
    );
    for (const name of ["bare", "plain"]) assert.ok(!existsSync(on.at(`${name}.audit.jsonl`)), `${name} did something`);

    const server = on.cluster.servers.find(({ running }) => running)?.url ?? "";
    const refused = await runRelight(on.directory, ["--server", server, "cluster", "watch", "--auto", "--json"]);
    assert.equal(refused.code, 2, refused.stderr);
    assert.match(refused.stderr, /--auto needs a credential of the system account/);
    schemas.check("cluster-watch", JSON.parse(refused.stdout));
  });
});
