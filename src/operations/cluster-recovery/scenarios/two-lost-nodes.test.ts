/** A stream has lost two of its three replicas: the one that is left has all of it, and must become the stream again. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stepsDone } from "../../../testing/cluster-harness/recovery-outcome.ts";
import { RecoveryScene } from "../../../testing/cluster-harness/recovery-scene.ts";
import { scenarioVersions } from "../../../testing/cluster-harness/scenario-versions.ts";

for (const version of scenarioVersions(["2.9", "2.10", "2.15"], ["2.10"])) {
  describe(`two of five nodes of a cluster of ${version} are gone`, { timeout: 300_000 }, () => {
    it("F31: an R3 stream with both of them lives on from its last replica, and has three again", async () => {
      await using scene = await RecoveryScene.start({ version, size: 5 });
      await scene.load({ name: "THREE", num_replicas: 3 });
      await scene.load({ name: "FIVE", num_replicas: 5 });
      const dead = (await scene.homes("THREE")).slice(0, 2);
      await scene.remember();
      for (const name of dead) await scene.cluster.node(name).terminate("SIGTERM");
      const outcome = await scene.recover({ gone: dead, withoutSpare: true }, { earlier: await scene.missed(...dead) });
      await scene.assertSame("THREE");
      await scene.assertSame("FIVE");
      const done = stepsDone(outcome);
      // From 2.15 on the removals themselves have the last replica elect.
      for (const id of ["scale-down:APP/THREE", "scale-up:APP/THREE"]) {
        assert.equal(done.includes(id), !version.startsWith("2.15"), done.join(", "));
      }
      assert.equal(done[0], "salvage:APP/THREE", done.join(", "));
      const homes = await scene.homes("THREE");
      assert.equal(homes.length, 3);
      assert.ok(!homes.some((name) => dead.includes(name)));
    });
  });
}
