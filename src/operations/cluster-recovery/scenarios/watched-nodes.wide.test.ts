/** `relight cluster watch --auto` and nodes that are no dead ones, or die in the hard way. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { assertSameStream } from "../../../testing/compare-streams.ts";
import { RecoveryCluster } from "../../../testing/recovery-cluster.ts";
import { WatchProcess } from "../../../testing/watch-process.ts";

/** Longer than the cluster takes to call a node offline that it does not hear. */
const patienceMs = 300_000;
const quick = ["--interval", "1s", "--auto", "--json"];

for (const version of ["2.10", "2.15"]) {
  describe(`a watch that acts by itself, on a cluster of ${version}`, { timeout: 580_000, concurrency: 2 }, () => {
    it("WA-07, F32: does nothing to a node that stands still, for 20 s and until the cluster gives it up; all is whole when it goes on", async () => {
      await using on = await RecoveryCluster.start({ version, size: 4 });
      const [still = ""] = await on.fillReplicated("ORDERS", 3);
      await on.fillOneOn(still, "ONE");
      await on.goodDay();
      const before = await on.contents("ORDERS", "ONE");
      const ledger = on.at("watch.json");
      const others = on.cluster.servers.filter(({ name }) => name !== still).map(({ url }) => url);
      await using watch = WatchProcess.start(on, [...quick, "--gone-after", "2s", "--backups", on.at("all")], {
        ledger,
        url: others.join(","),
      });
      await watch.remembers("ONE");
      await on.cluster.node(still).pause();
      await sleep(20_000);
      const acts = (): readonly string[] =>
        watch.lines.filter(({ type }) => type === "acting" || type === "step").map(({ type }) => type);
      assert.deepEqual(acts(), []);
      // By now all holds but that it is dead.
      const proposal = await watch.line("proposal", ({ plan }) => plan?.outlook === "act", patienceMs);
      const reasons = proposal.unasked?.reasons ?? [];
      assert.ok(
        reasons.some(({ code, text }) => code === "runs" && /takes connections, and says nothing/.test(text)),
        JSON.stringify(reasons),
      );
      await sleep(5_000);
      assert.deepEqual(acts(), []);
      on.cluster.node(still).resume();
      await on.cluster.ready();
      await watch.line("change", ({ name, light }) => name === `APP/ONE` && light === "green", patienceMs);
      assert.equal((await watch.stop()).code, 0);
      assert.deepEqual(acts(), []);
      assert.ok(!existsSync(on.at("watch.audit.jsonl")), "nothing was begun");
      await on.reconnect();
      const after = await on.contents("ORDERS", "ONE");
      for (const [index, stream] of before.entries()) assertSameStream(stream, after[index] ?? assert.fail());
    });

    it("WA-07, F31: replaces a node that was killed, when the cluster has given it up; the watch survives that every server is down meanwhile", async () => {
      await using on = await RecoveryCluster.start({ version, size: 4 });
      const [victim = ""] = await on.fillReplicated("ORDERS", 3);
      await on.fillOneOn(victim, "ONE");
      await on.goodDay();
      const before = await on.contents("ORDERS", "ONE");
      await using watch = WatchProcess.start(on, [...quick, "--gone-after", "15s", "--backups", on.at("all")], {
        ledger: on.at("watch.json"),
        url: on.cluster.node(victim).url,
      });
      await watch.remembers("ONE");
      await Promise.all(on.cluster.servers.map((server) => server.terminate("SIGTERM")));
      await watch.line("lost");
      await Promise.all(on.cluster.servers.map((server) => server.launch()));
      await on.cluster.ready();
      await watch.line("back");
      await watch.remembers("ONE");
      await on.cluster.node(victim).kill();
      const { recovery } = await watch.line("acted", undefined, patienceMs);
      assert.equal(recovery?.status, "recovered", JSON.stringify(recovery?.left));
      assert.equal((await watch.stop()).code, 0);
      await on.reconnect();
      const after = await on.contents("ORDERS", "ONE");
      for (const [index, stream] of before.entries()) {
        // A snapshot of a 2.15 cluster knows of no pending acknowledgements: those messages are delivered again.
        const rolledBackToAckFloor = stream.name === "ONE" && version === "2.15";
        assertSameStream(stream, after[index] ?? assert.fail(), { rolledBackToAckFloor });
      }
    });
  });
}
