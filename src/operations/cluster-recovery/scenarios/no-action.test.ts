/** What looks like a death and is none: nothing may be done. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ClusterPlan } from "../../../cluster/plan/cluster-plan.ts";
import { RecoveryScene } from "../../../testing/cluster-harness/recovery-scene.ts";
import { isWide, scenarioVersions } from "../../../testing/cluster-harness/scenario-versions.ts";

/** Steps that would change anything. */
const changes = ({ steps }: ClusterPlan): readonly string[] =>
  steps.filter(({ kind, state }) => kind !== "wait" && kind !== "ask" && state === "ready").map(({ id }) => id);

for (const version of scenarioVersions(["2.10", "2.15"], ["2.15"])) {
  describe(`what is no death in a cluster of ${version}`, { timeout: 300_000 }, () => {
    it("F40: a partition: neither side does anything, and all is whole when it heals", async () => {
      await using scene = await RecoveryScene.start({ version, proxied: true });
      await scene.loadThreeAndOne();
      await scene.remember();
      scene.proxies?.part("n1");
      const majority = await scene.plan({}, "n2", "n3");
      assert.deepEqual(changes(majority), []);
      assert.ok(majority.steps.length > 0);
      const minority = await scene.plan({}, "n1");
      assert.deepEqual(changes(minority), []);
      assert.ok(minority.steps.length > 0);
      scene.proxies?.heal();
      await scene.cluster.ready();
      await scene.assertSame("THREE");
      await scene.assertSame("ONE");
    });

    it("F36: a server that answers is not removed, whatever is said of it", async () => {
      await using scene = await RecoveryScene.start({ version });
      await scene.load({ name: "THREE", num_replicas: 3 });
      await scene.remember();
      const outcome = await scene.recover({ gone: ["n2"] });
      assert.deepEqual(outcome.steps, []);
      await scene.cluster.ready();
      await scene.assertSame("THREE");
    });

    if (!isWide) return;

    it("F32: a node that stands still is waited for, and is a member as before when it goes on", async () => {
      await using scene = await RecoveryScene.start({ version });
      const still = await scene.loadThreeAndOne();
      await scene.remember();
      await scene.cluster.node(still).pause();
      await scene.missed(still);
      const others = scene.cluster.servers.map(({ name }) => name).filter((name) => name !== still);
      const plan = await scene.plan({}, ...others);
      assert.deepEqual(changes(plan), []);
      assert.ok(
        plan.steps.some(({ kind, target }) => kind === "wait" && target.server === still),
        plan.summary,
      );
      scene.cluster.node(still).resume();
      await scene.cluster.ready();
      await scene.assertSame("THREE");
      await scene.assertSame("ONE");
    });
  });
}
